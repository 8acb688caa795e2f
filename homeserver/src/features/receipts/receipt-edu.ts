import { EventId, RoomId, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Receipt } from './receipt.ts';

/** A receipt as another server tells of it, always a public one. */
export interface ToldReceipt extends Pick<Receipt, 'userId' | 'threadId' | 'eventId' | 'ts'> {
  readonly roomId: RoomId;
}

export const toEdu = (
  roomId: string,
  { userId, eventId, ts, threadId }: Pick<Receipt, 'userId' | 'eventId' | 'ts' | 'threadId'>,
): JsonObject => ({
  [roomId]: {
    'm.read': {
      [userId]: { event_ids: [eventId], data: { ts, ...(threadId !== undefined && { thread_id: threadId }) } },
    },
  },
});

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
  const { ts, thread_id: threadId } = data;
  if (!isTime(ts) || !isThread(threadId)) return undefined;
  return { eventId, threadId, ts };
};

const isTime = (ts: Json | undefined): ts is UnixMillis & number => Number.isSafeInteger(ts);

const isThread = (id: Json | undefined): id is string | undefined =>
  id === undefined || id === 'main' || EventId.is(id);

const entries = (object: JsonObject): [string, Json][] => Object.entries(object) as [string, Json][];
