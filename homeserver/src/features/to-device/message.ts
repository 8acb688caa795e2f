import { DeviceId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** All devices of the user. */
export const ALL_DEVICES = '*';

/** What one device, or each device of a user, is to get. */
export interface Message {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly content: JsonObject;
}

/** Whether there can be such a device, or it is for all of them: the database has no NUL, signed JSON no half characters. */
export const isForDevice = ({ deviceId }: Message): boolean => DeviceId.is(deviceId);

/** Content of one message; that of an event is not larger either. */
export const MAX_MESSAGE_BYTES = 65_536;

/** So that one EDU stays well below what other servers take. */
const EDU_BYTES = 50_000;

export const sizeOf = ({ content }: Message): number => Buffer.byteLength(JSON.stringify(content));

/** The messages of a map from user to device to content. Undefined for what is no such map. */
export const messagesIn = (byUser: Json | undefined): Message[] | undefined => {
  if (!isObject(byUser)) return undefined;
  const messages: Message[] = [];
  for (const [userId, byDevice] of Object.entries(byUser)) {
    if (!UserId.is(userId) || !isObject(byDevice)) return undefined;
    for (const [deviceId, content] of Object.entries(byDevice)) {
      if (!isObject(content)) return undefined;
      messages.push({ userId, deviceId, content });
    }
  }
  return messages;
};

/** Messages as the maps that go to other servers, each of a moderate size. */
export const byServer = (messages: readonly Message[]): ReadonlyMap<ServerName, readonly JsonObject[]> =>
  new Map([...Map.groupBy(messages, ({ userId }) => serverOf(userId))].map(([server, some]) => [server, maps(some)]));

const maps = (messages: readonly Message[]): JsonObject[] => {
  const done: JsonObject[] = [];
  let current: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message) + message.userId.length + message.deviceId.length;
    if (current.length > 0 && bytes + size > EDU_BYTES) {
      done.push(mapOf(current));
      [current, bytes] = [[], 0];
    }
    current.push(message);
    bytes += size;
  }
  if (current.length > 0) done.push(mapOf(current));
  return done;
};

const mapOf = (messages: readonly Message[]): JsonObject => {
  const users = Map.groupBy(messages, ({ userId }) => userId);
  return Object.fromEntries(
    [...users].map(([userId, ofUser]) => [
      userId,
      Object.fromEntries(ofUser.map(({ deviceId, content }) => [deviceId, content])),
    ]),
  );
};
