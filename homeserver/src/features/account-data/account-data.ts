import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';

/** Which piece of somebody's data: of one room, or of none. */
export interface AccountDataKey {
  readonly userId: UserId;
  readonly roomId: RoomId | undefined;
  readonly type: string;
}

/** As it stands in a sync. */
export interface AccountDataEvent {
  readonly type: string;
  readonly content: JsonObject;
}

export interface AccountDataChanges {
  readonly global: readonly AccountDataEvent[];
  readonly rooms: ReadonlyMap<RoomId, readonly AccountDataEvent[]>;
}

/** What clients see under a type that the server itself keeps, made from what is stored of it. */
export type Derive = (userId: UserId, stored: JsonObject | undefined) => JsonObject;

/** Types that have operations of their own: https://spec.matrix.org/latest/client-server-api/#server-behaviour-10 */
export const isKeptByServer = (type: string): boolean => type === 'm.fully_read' || type === 'm.push_rules';
