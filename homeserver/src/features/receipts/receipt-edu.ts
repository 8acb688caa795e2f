import { EventId, RoomId, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Receipt } from './receipt.ts';

/** A receipt as another server tells of it, always a public one. */
export interface ToldReceipt extends Pick<Receipt, 'userId' | 'threadId' | 'eventId' | 'ts'> {
  readonly roomId: RoomId;
}

/** Receipts that go into one message. */
const AT_ONCE = 200;

/**
 * Receipts as few messages. One of them has no room for two receipts of one user in a room, which differ in their threads.
 */
export const toEdus = (told: readonly ToldReceipt[]): JsonObject[] => {
  const edus: Map<RoomId, Map<UserId, JsonObject>>[] = [];
  const sizes: number[] = [];
  const layers = new Map<string, number>();
  for (const { roomId, userId, eventId, ts, threadId } of told) {
    const key = `${roomId} ${userId}`;
    let at = layers.get(key) ?? 0;
    while ((sizes[at] ?? 0) >= AT_ONCE) at++;
    layers.set(key, at + 1);
    const edu = (edus[at] ??= new Map<RoomId, Map<UserId, JsonObject>>());
    const users = edu.get(roomId) ?? new Map<UserId, JsonObject>();
    edu.set(roomId, users);
    users.set(userId, { event_ids: [eventId], data: { ts, ...(threadId !== undefined && { thread_id: threadId }) } });
    sizes[at] = (sizes[at] ?? 0) + 1;
  }
  return edus.map((edu) =>
    Object.fromEntries([...edu].map(([roomId, users]) => [roomId, { 'm.read': Object.fromEntries(users) }])),
  );
};

/** Skips what is malformed, so that one bad entry does not cost a server the rest of its report. */
export const fromEdu = (edu: JsonObject): ToldReceipt[] =>
  entries(edu).flatMap(([roomId, types]) => {
    const users = isObject(types) ? types['m.read'] : undefined;
    if (!RoomId.is(roomId) || !isObject(users)) return [];
    return entries(users).flatMap(([userId, receipt]) => {
      const read = readReceipt(receipt);
      return read && UserId.is(userId) ? [{ roomId, userId, ...read }] : [];
    });
  });

const readReceipt = (receipt: Json): Pick<ToldReceipt, 'eventId' | 'threadId' | 'ts'> | undefined => {
  if (!isObject(receipt)) return undefined;
  const { event_ids: events, data } = receipt;
  const [eventId] = Array.isArray(events) && events.length === 1 ? (events as readonly Json[]) : [];
  if (!EventId.is(eventId) || !isObject(data)) return undefined;
  const { ts } = data;
  const threadId = data['thread_id'] ?? undefined;
  if (!isTime(ts) || !isThread(threadId)) return undefined;
  return { eventId, threadId, ts };
};

const isTime = (ts: Json | undefined): ts is UnixMillis & number => Number.isSafeInteger(ts);

const isThread = (id: Json | undefined): id is string | undefined =>
  id === undefined || id === 'main' || EventId.is(id);

const entries = (object: JsonObject): [string, Json][] => Object.entries(object) as [string, Json][];
