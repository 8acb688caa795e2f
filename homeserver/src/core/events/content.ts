import { type EventId, EventId as EventIds, type UserId, UserId as UserIds } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { Event } from './event.ts';
import type { Membership } from './membership.ts';

/**
 * What events say, read with the defaults that the specification gives to what is missing or malformed. Content is
 * whatever somebody sent: nothing here throws, and nothing trusts a type.
 */
const MEMBERSHIPS: ReadonlySet<Json | undefined> = new Set<Membership>(['join', 'invite', 'leave', 'ban', 'knock']);

const isMembership = (value: Json | undefined): value is Membership => MEMBERSHIPS.has(value);

const textOr = <T>(value: Json | undefined, otherwise: T): string | T =>
  typeof value === 'string' ? value : otherwise;

/** What a member event makes of its user; undefined for other events and unknown memberships. */
export const membershipOf = (event: Pick<Event, 'type' | 'content'>): Membership | undefined => {
  const { membership } = event.content;
  return event.type === 'm.room.member' && isMembership(membership) ? membership : undefined;
};

/** The readers below take the content of the state event, or undefined where the room has none. */
type Content = JsonObject | undefined;

export const joinRuleOf = (joinRules: Content): string => textOr(joinRules?.['join_rule'], 'invite');

/** The rooms whose members a restricted room admits. */
export const allowedRoomsOf = (joinRules: Content): string[] => {
  const allow = joinRules?.['allow'];
  if (!Array.isArray(allow)) return [];
  return (allow as readonly Json[])
    .filter((entry) => isObject(entry) && entry['type'] === 'm.room_membership')
    .map((entry) => (isObject(entry) ? entry['room_id'] : undefined))
    .filter((roomId) => typeof roomId === 'string');
};

export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined';

const VISIBILITIES: ReadonlySet<Json | undefined> = new Set(['world_readable', 'shared', 'invited', 'joined']);

const isHistoryVisibility = (value: Json | undefined): value is HistoryVisibility => VISIBILITIES.has(value);

export const historyVisibilityOf = (content: Content): HistoryVisibility => {
  const visibility = content?.['history_visibility'];
  return isHistoryVisibility(visibility) ? visibility : 'shared';
};

export const guestsMayJoin = (guestAccess: Content): boolean => guestAccess?.['guest_access'] === 'can_join';

/** Whether servers other than the creator's may take part: all but an explicit `false` says yes. */
export const isFederated = (create: Content): boolean => create?.['m.federate'] !== false;

export const roomVersionIdOf = (create: Content): string => textOr(create?.['room_version'], '1');

/** What the room is, such as `m.space`; ordinary rooms have no type. */
export const roomTypeOf = (create: Content): string | undefined => textOr(create?.['type'], undefined);

export const predecessorOf = (create: Content): { roomId: string; eventId: string | undefined } | undefined => {
  const predecessor = create?.['predecessor'];
  if (!isObject(predecessor) || typeof predecessor['room_id'] !== 'string') return undefined;
  return { roomId: predecessor['room_id'], eventId: textOr(predecessor['event_id'], undefined) };
};

export const replacementOf = (tombstone: Content): string | undefined =>
  textOr(tombstone?.['replacement_room'], undefined);

/** Who created a room, with those named beside: the versions in which these matter ask for them. */
export const additionalCreatorsOf = (create: Content): UserId[] => {
  const creators = create?.['additional_creators'];
  return Array.isArray(creators) ? creators.filter((creator) => UserIds.is(creator)) : [];
};

export const roomNameOf = (content: Content): string | undefined => textOr(content?.['name'], undefined);

export const canonicalAliasOf = (content: Content): string | undefined => textOr(content?.['alias'], undefined);

export const alternativeAliasesOf = (content: Content): string[] => {
  const aliases = content?.['alt_aliases'];
  return Array.isArray(aliases) ? aliases.filter((alias) => typeof alias === 'string') : [];
};

/** The profile that a member event carries. */
export const profileOf = (member: JsonObject): { displayName: string | undefined; avatarUrl: string | undefined } => ({
  displayName: textOr(member['displayname'], undefined),
  avatarUrl: textOr(member['avatar_url'], undefined),
});

/** The proof inside an invite that was made to an address rather than a user. */
export const thirdPartySignedOf = (member: JsonObject): JsonObject | undefined => {
  const invite = member['third_party_invite'];
  const signed = isObject(invite) ? invite['signed'] : undefined;
  return isObject(signed) ? signed : undefined;
};

export interface Relation {
  readonly type: string;
  readonly target: EventId;
  /** What is said of the target, such as the emoji of a reaction. */
  readonly key: string | undefined;
}

/** What an event says about another: https://spec.matrix.org/latest/client-server-api/#forming-relationships-between-events */
export const relationOf = (content: JsonObject): Relation | undefined => {
  const relates = content['m.relates_to'];
  if (!isObject(relates)) return undefined;
  const { rel_type: type, event_id: target, key } = relates;
  if (typeof type !== 'string' || !EventIds.is(target)) return undefined;
  return { type, target, key: textOr(key, undefined) };
};
