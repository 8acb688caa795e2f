import type { EventId } from '@holm/spec/ids';
import { mayRedact } from '../core/auth/rules/redaction.ts';
import type { StateKey } from '../core/auth/selection.ts';
import type { Event } from '../core/events/event.ts';
import type { StoredEvent } from './model.ts';
import { authStateOf, type StateView } from './state/states.ts';

export interface RedactionSources {
  target(id: EventId): Promise<StoredEvent | undefined>;
  view(keys: readonly StateKey[]): Promise<StateView>;
}

/**
 * The event that a redaction hides, if it is held and the redaction applies to it.
 * https://spec.matrix.org/latest/rooms/v3/#handling-redactions
 */
export const redactionOf = async (event: Event, sources: RedactionSources): Promise<StoredEvent | undefined> => {
  if (event.type !== 'm.room.redaction' || event.redacts === undefined) return undefined;
  const target = await sources.target(event.redacts);
  if (!target || target.event.roomId !== event.roomId || target.redactedBy !== undefined) return undefined;
  const view = await sources.view([
    ['m.room.create', ''],
    ['m.room.power_levels', ''],
    ['m.room.member', event.sender],
  ]);
  return mayRedact(event, target.event, authStateOf(view)) ? target : undefined;
};
