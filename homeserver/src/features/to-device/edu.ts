import { type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { isForDevice, type Message, messagesIn } from './message.ts';

export interface ReceivedMessages {
  readonly sender: UserId;
  readonly type: string;
  readonly messageId: string;
  readonly messages: readonly Message[];
}

const MAX_NAME = 255;

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_NAME && !value.includes('\0');

/**
 * An `m.direct_to_device` as another server may send it: for its own users only. Its ids may have 32 code points; a
 * longer one is taken, too, because a message is worth more than the rule. What is no message, or for no device, costs the
 * others nothing.
 */
export const readEdu = (
  origin: ServerName,
  { sender, type, message_id: messageId, messages: byUser }: JsonObject,
): ReceivedMessages | undefined => {
  if (!UserId.is(sender) || serverOf(sender) !== origin || !isName(type) || !isName(messageId)) return undefined;
  if (!isObject(byUser)) return undefined;
  return { sender, type, messageId, messages: eachOf(byUser).filter(isForDevice) };
};

/** Those that are well-formed, each read for itself. */
const eachOf = (byUser: JsonObject): Message[] =>
  entries(byUser).flatMap(([userId, byDevice]) =>
    entries(isObject(byDevice) ? byDevice : {}).flatMap(
      ([deviceId, content]) => messagesIn({ [userId]: { [deviceId]: content } }) ?? [],
    ),
  );

const entries = (object: JsonObject): [string, Json][] => Object.entries(object) as [string, Json][];
