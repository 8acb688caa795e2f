import type { EventId } from '@holm/spec/ids';
import { isState } from '../../../core/events/event.ts';
import type { Events } from '../../events.ts';
import type { StoredEvent } from '../../model.ts';

/** An ancestor is of use once it has its place in the room; an auth event as soon as it is connected. */
export type Use = 'connected' | 'placed';

/** Those of `ids` that are neither in `among` nor stored in a way that is of use. */
export const unknownIds = async (
  events: Events,
  ids: readonly EventId[],
  among: Pick<ReadonlySet<EventId>, 'has'>,
  use: Use,
): Promise<EventId[]> => {
  const open = [...new Set(ids)].filter((id) => !among.has(id));
  const stored = open.length === 0 ? new Map<EventId, StoredEvent>() : await events.byIds(open);
  return open.filter((id) => {
    const found = stored.get(id);
    return found === undefined || (use === 'placed' ? found.snapshot === undefined : isUnconnected(found));
  });
};

/**
 * Nothing is known of what it rests on: an invite that was kept before we were in the room. Events that have their place
 * in the room have been connected then.
 */
export const isUnconnected = ({ event, authNumber, snapshot }: StoredEvent): boolean =>
  isState(event) && authNumber === undefined && snapshot === undefined;
