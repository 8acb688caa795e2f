import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Stickiness } from '../../core/events/sticky.ts';

/** What a user wants to have sent later. */
export interface Later {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly type: string;
  /** Absent for events that are not state. */
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly sticky: Stickiness | undefined;
  readonly delayMs: number;
}

/** Where events wait that are to be sent later. */
export interface Delays {
  /** The id of the delayed event; the same for a request with the same `txn`. */
  schedule(later: Later, txn?: Buffer): Promise<string>;
}
