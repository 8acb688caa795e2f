import type { Caller } from '../../http/route.ts';
import type { PresenceState } from '../presence/index.ts';

/** Wants to know who follows the stream, and how they say that they are. */
export interface Followers {
  /** Until that is disposed of. Clients need not say anything. */
  follow(client: Caller, said: PresenceState | undefined): Disposable;
}
