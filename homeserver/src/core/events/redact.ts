import { isObject, type JsonObject } from '@holm/spec/json';
import { copyNotes } from '../json/notes.ts';
import type { RedactionRules } from '../rooms/redaction-rules.ts';
import type { RoomVersion } from '../rooms/room-version.ts';

/** What is left of a PDU after a redaction: https://spec.matrix.org/latest/client-server-api/#redactions */
export const redact = <T extends JsonObject>(pdu: T, version: RoomVersion): T => {
  const kept = pick(pdu, (key) => version.redaction.topLevel.has(key));
  const { type, content } = pdu;
  if (!isObject(content)) return kept;
  return { ...kept, content: redactContent(typeof type === 'string' ? type : '', content, version.redaction) };
};

/** What is left of the content of an event of this type. The same object where everything is kept. */
export const redactContent = (type: string, content: JsonObject, rules: RedactionRules): JsonObject => {
  const keys = Object.hasOwn(rules.content, type) ? rules.content[type] : undefined;
  if (keys === 'everything') return content;
  if (keys === undefined) return {};
  const kept = pick(content, (key) => keys.includes(key));
  if (type !== 'm.room.member' || !rules.keepThirdPartySigned) return kept;
  const invite = content['third_party_invite'];
  // NOTSPEC: an invite without `signed` leaves an empty object, because that is what the event ids of peers cover.
  return isObject(invite) ? { ...kept, third_party_invite: pick(invite, (key) => key === 'signed') } : kept;
};

const pick = <T extends JsonObject>(object: T, keeps: (key: string) => boolean): T => {
  const kept = Object.fromEntries(Object.entries(object).filter(([key]) => keeps(key))) as T;
  copyNotes(object, kept);
  return kept;
};
