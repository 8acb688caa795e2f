import type { Event } from '../../core/events/event.ts';
import type { NextState } from '../state/tries.ts';

/** A received event, and how it is to be placed. */
export interface ToPlace {
  readonly event: Event;
  /** The state before the event, where it does not follow from its prev events. */
  readonly stated?: NextState | undefined;
  /** Whether the other servers in the room learn of it from us. */
  readonly forward?: boolean;
  /** The event and the state before it replace what we knew of the room: we have just (re)joined. */
  readonly resets?: boolean;
  /** For an event that is no news, but fills a gap or comes before everything: its number in the timeline. */
  readonly history?: number | undefined;
  /** The event was refused, and may have been wrongly. */
  readonly again?: boolean;
  /** Why the room's policy server does not want it. */
  readonly unwelcome?: string | undefined;
}
