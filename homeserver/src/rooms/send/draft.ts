import type { EventId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Stickiness } from '../../core/events/sticky.ts';
import type { EventNid } from '../model.ts';

/** What a user of this server wants to say in a room. */
export interface Draft {
  readonly sender: UserId;
  readonly type: string;
  /** Absent for events that are not state. */
  readonly stateKey?: string | undefined;
  readonly content: JsonObject;
  readonly redacts?: EventId | undefined;
  /** Names the request, so that its repetition finds the event that it made. */
  readonly txn?: Buffer | undefined;
  /** Told the event's number before anybody can see the event, and again if it had to be built anew. */
  readonly placed?: ((nid: EventNid) => void) | undefined;
  /** Where an application service may state when it happened. */
  readonly sentAt?: number | undefined;
  /** For how long every member is sure to get it. */
  readonly sticky?: Stickiness | undefined;
}
