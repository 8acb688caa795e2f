import { RoomAlias, RoomId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import {
  allowedRoomsOf,
  canonicalAliasOf,
  guestsMayJoin,
  historyVisibilityOf,
  joinRuleOf,
  roomNameOf,
  roomTypeOf,
} from '../../core/events/content.ts';

/** What is told of a room to those who may come to know it: https://spec.matrix.org/latest/client-server-api/#room-previews */
export interface RoomSummary {
  readonly room_id: RoomId;
  readonly num_joined_members: number;
  readonly world_readable: boolean;
  readonly guest_can_join: boolean;
  readonly join_rule: string;
  readonly name?: string;
  readonly topic?: string;
  readonly avatar_url?: string;
  readonly canonical_alias?: RoomAlias;
  readonly room_type?: string;
  readonly allowed_room_ids?: readonly string[];
  readonly encryption?: string;
  readonly room_version?: string;
}

/** The content of the current state event of a type with an empty state key. */
export type ContentOf = (type: string) => JsonObject | undefined;

export interface Subject {
  readonly roomId: RoomId;
  readonly version: string;
  /** Whether the version knows rooms for the members of others. */
  readonly isRestricted: (joinRule: string) => boolean;
  readonly joined: number;
}

export const SUMMARY_TYPES = [
  'm.room.create',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.canonical_alias',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.encryption',
] as const;

export const summaryOf = ({ roomId, version, isRestricted, joined }: Subject, contentOf: ContentOf): RoomSummary => {
  const joinRules = contentOf('m.room.join_rules');
  const joinRule = joinRuleOf(joinRules);
  return {
    room_id: roomId,
    num_joined_members: joined,
    world_readable: historyVisibilityOf(contentOf('m.room.history_visibility')) === 'world_readable',
    guest_can_join: guestsMayJoin(contentOf('m.room.guest_access')),
    join_rule: joinRule,
    room_version: version,
    ...(isRestricted(joinRule) && { allowed_room_ids: allowedRoomsOf(joinRules).filter((id) => RoomId.is(id)) }),
    ...present({
      name: roomNameOf(contentOf('m.room.name')),
      topic: plainTopicOf(contentOf('m.room.topic')),
      avatar_url: text(contentOf('m.room.avatar')?.['url']),
      canonical_alias: alias(canonicalAliasOf(contentOf('m.room.canonical_alias'))),
      room_type: roomTypeOf(contentOf('m.room.create')),
      encryption: text(contentOf('m.room.encryption')?.['algorithm']),
    }),
  };
};

/** The part of a summary that the directory of rooms shows. */
export const listingOf = ({
  allowed_room_ids: _,
  encryption: __,
  room_version: ___,
  ...listing
}: RoomSummary): RoomSummary => listing;

/** The topic without markup: of the forms that an event offers, the first plain one. */
export const plainTopicOf = (content: JsonObject | undefined): string | undefined => {
  const block = content?.['m.topic'];
  const forms = isObject(block) ? block['m.text'] : undefined;
  if (!Array.isArray(forms)) return text(content?.['topic']);
  const plain = (forms as readonly Json[]).find(
    (form) => isObject(form) && (form['mimetype'] === undefined || form['mimetype'] === 'text/plain'),
  );
  return (isObject(plain) ? text(plain['body']) : undefined) ?? text(content?.['topic']);
};

/** Another server's words about a room, as far as they make sense. */
export const readSummary = (raw: unknown): RoomSummary | undefined => {
  if (!isObject(raw)) return undefined;
  const told = raw;
  const { room_id: roomId, num_joined_members: joined, allowed_room_ids: allowed } = told;
  if (!RoomId.is(roomId)) return undefined;
  return {
    room_id: roomId,
    num_joined_members: typeof joined === 'number' && Number.isSafeInteger(joined) && joined > 0 ? joined : 0,
    world_readable: told['world_readable'] === true,
    guest_can_join: told['guest_can_join'] === true,
    join_rule: text(told['join_rule']) ?? 'public',
    ...(Array.isArray(allowed) && { allowed_room_ids: allowed.filter((id) => RoomId.is(id)) }),
    ...present({
      name: text(told['name']),
      topic: text(told['topic']),
      avatar_url: text(told['avatar_url']),
      canonical_alias: alias(told['canonical_alias']),
      room_type: text(told['room_type']),
      encryption: text(told['encryption'] ?? told['im.nheko.summary.encryption']),
      room_version: text(told['room_version'] ?? told['im.nheko.summary.room_version']),
    }),
  };
};

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

const alias = (value: Json | undefined): RoomAlias | undefined => (RoomAlias.is(value) ? value : undefined);

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

const present = <T extends object>(members: T): Present<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
