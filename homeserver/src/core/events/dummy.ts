import type { Event } from './event.ts';

/**
 * The type of events that say nothing and only join loose ends of a room's history. The specification has none; this is
 * the one that Synapse sends, so that each hides the other's from its clients.
 */
export const DUMMY_TYPE = 'org.matrix.dummy_event';

/** Events that are part of a room's history but of no timeline: clients never see them. */
export const isHidden = ({ type, stateKey }: Pick<Event, 'type' | 'stateKey'>): boolean =>
  type === DUMMY_TYPE && stateKey === undefined;
