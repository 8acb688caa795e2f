import type { Value } from '../reactive/value.ts';
import type { Entry, Person } from './entry.ts';

export interface Timeline {
  readonly entries: readonly Entry[];
  /** Whether the server has older ones. */
  readonly hasEarlier: boolean;
}

export interface Member extends Person {
  readonly membership: 'join' | 'invite';
  /** Infinite for the creators of a version 12 room. */
  readonly power: number;
}

/** What may be done with one room. Every method that talks to the server throws ProblemError. */
export interface RoomPort {
  readonly timeline: Value<Timeline>;
  readonly members: Value<readonly Member[]>;
  readonly mayInvite: Value<boolean>;
  readonly maySend: Value<boolean>;
  loadMembers(): Promise<void>;
  loadEarlier(): Promise<void>;
  /** The message shows in the timeline at once; whether it went through shows there too. */
  send(text: string): void;
  retry(key: string): void;
  discard(key: string): void;
  invite(userId: string): Promise<void>;
  leave(): Promise<void>;
  /** Everything now in the timeline has been seen. */
  markRead(): void;
}
