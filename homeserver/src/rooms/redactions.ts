import type { EventId } from '@holm/spec/ids';
import { mayRedact } from '../core/auth/rules/redaction.ts';
import type { StateKey } from '../core/auth/selection.ts';
import { isState, type Event } from '../core/events/event.ts';
import type { StoredEvent } from './model.ts';
import { authStateOf, type StateView } from './state/states.ts';

export interface RedactionSources {
  target(id: EventId): Promise<StoredEvent | undefined>;
  /** Of the state at the redaction. */
  view(keys: readonly StateKey[]): Promise<StateView>;
}

/** What an event that the rules allow does to others. */
export type RedactionEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'redacts'; readonly target: StoredEvent }
  /** It is a redaction of something that is not here. */
  | { readonly kind: 'waits'; readonly target: EventId }
  /** It is a redaction that redacts nothing, now or ever. */
  | { readonly kind: 'void' };

const NONE: RedactionEffect = { kind: 'none' };
const VOID: RedactionEffect = { kind: 'void' };

/** https://spec.matrix.org/latest/rooms/v3/#handling-redactions */
export const effectOf = async (event: Event, sources: RedactionSources): Promise<RedactionEffect> => {
  if (event.type !== 'm.room.redaction' || isState(event)) return NONE;
  if (event.redacts === undefined) return VOID;
  const target = await sources.target(event.redacts);
  if (!target) return { kind: 'waits', target: event.redacts };
  if (target.event.roomId !== event.roomId || target.status === 'rejected') return VOID;
  const view = await sources.view([
    ['m.room.create', ''],
    ['m.room.power_levels', ''],
    ['m.room.member', event.sender],
  ]);
  return mayRedact(event, target.event, authStateOf(view)) ? { kind: 'redacts', target } : VOID;
};

/**
 * Whether clients do not hear of a redaction that does this. In versions 1 and 2 the rules have said all that there is
 * to say about it; later on a redaction is shown once it redacts something.
 */
export const isWithheld = ({ version }: Event, { kind }: RedactionEffect): boolean =>
  !version.auth.redactionRule && (kind === 'waits' || kind === 'void');
