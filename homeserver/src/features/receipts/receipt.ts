import type { EventId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import type { RoomNid } from '../../rooms/model.ts';

export type ReceiptType = 'm.read' | 'm.read.private';

/** "I have read up to here". There is one per room, user, type and thread. */
export interface Receipt {
  readonly roomNid: RoomNid;
  readonly userId: UserId;
  readonly type: ReceiptType;
  /** Absent for one that is of no thread, which is not the same thing as one of the `main` thread. */
  readonly threadId: string | undefined;
  readonly eventId: EventId;
  /** The event's place in the room's timeline; absent while this server does not have it. */
  readonly ord: number | undefined;
  readonly ts: UnixMillis;
}

interface Marker {
  readonly ts: number;
  readonly thread_id?: string;
}

/** By event, then type, then user. Built of maps: what servers send as ids may be called `__proto__`. */
type Content = Map<EventId, Map<ReceiptType, Map<UserId, Marker>>>;

export const visibleTo =
  (viewer: UserId) =>
  (receipt: Receipt): boolean =>
    receipt.type !== 'm.read.private' || receipt.userId === viewer;

/**
 * Folds one room's receipts into contents of `m.receipt` events.
 *
 * The format holds one marker per event, type and user, with no room for the thread in the key. Two receipts of one
 * user on one event that differ only in thread therefore need two events.
 */
export const toContents = (receipts: readonly Receipt[]): JsonObject[] => {
  const contents: Content[] = [];
  for (const receipt of receipts) {
    const free = contents.find((content) => !hasMarker(content, receipt));
    const content: Content = free ?? new Map<EventId, never>();
    if (!free) contents.push(content);
    const byType = inner(content, receipt.eventId);
    inner(byType, receipt.type).set(receipt.userId, {
      ts: receipt.ts,
      ...(receipt.threadId !== undefined && { thread_id: receipt.threadId }),
    });
  }
  return contents.map(toObject);
};

const hasMarker = (content: Content, { eventId, type, userId }: Receipt): boolean =>
  content.get(eventId)?.get(type)?.has(userId) ?? false;

const inner = <K, A, B>(map: Map<K, Map<A, B>>, key: K): Map<A, B> => {
  const found = map.get(key) ?? new Map<A, B>();
  map.set(key, found);
  return found;
};

const toObject = (content: Content): JsonObject =>
  objectOf(content, (byType) => objectOf(byType, (byUser) => objectOf(byUser, (marker) => ({ ...marker }))));

const objectOf = <V>(map: ReadonlyMap<string, V>, toJson: (value: V) => JsonObject): JsonObject =>
  Object.fromEntries([...map].map(([key, value]) => [key, toJson(value)]));
