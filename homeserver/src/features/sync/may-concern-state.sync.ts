import type { StoredEvent } from '../../rooms/model.ts';

export const isRedaction = ({ event }: Pick<StoredEvent, 'event'>): boolean => event.type === 'm.room.redaction';

/** Whether the state of a room may be, or say, something else after an event: what is redacted says less. */
export const mayConcernState = (stored: Pick<StoredEvent, 'event'>): boolean =>
  stored.event.stateKey !== undefined || isRedaction(stored);
