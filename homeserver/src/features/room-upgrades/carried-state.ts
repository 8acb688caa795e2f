import type { RoomAlias, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { alternativeAliasesOf, canonicalAliasOf, joinRuleOf, roomTypeOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';
import type { Draft } from '../../rooms/send/draft.ts';

/**
 * What a room takes along when it is replaced, but for its power levels, its bans and its names. What counts only by
 * who has said it stays behind. https://spec.matrix.org/latest/client-server-api/#server-behaviour-17 (step 3)
 */
export const CARRIED_TYPES = [
  'm.room.server_acl',
  'm.room.encryption',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.guest_access',
  'm.room.history_visibility',
  'm.room.join_rules',
] as const;

/** The rooms of a space. They make up the space, whoever has put them there. */
export const SPACE_CHILD = 'm.space.child';

interface Origin {
  readonly create: Event;
  readonly lastEventId: string | undefined;
}

/** The content of the new room's create event, but for what the engine writes. */
export const carriedCreate = (
  { create, lastEventId }: Origin,
  version: RoomVersion,
  additionalCreators: readonly UserId[],
): JsonObject => {
  const { content, roomId } = create;
  const type = roomTypeOf(content);
  return {
    predecessor: { room_id: roomId, ...(lastEventId !== undefined && { event_id: lastEventId }) },
    ...(type !== undefined && { type }),
    ...(content['m.federate'] === false && { 'm.federate': false }),
    ...(version.auth.privilegedCreators &&
      additionalCreators.length > 0 && { additional_creators: [...new Set(additionalCreators)] }),
  };
};

/** The state that the new room begins with, as its creator says it. */
export const carriedState = (state: readonly Event[], creator: UserId, version: RoomVersion): Draft[] =>
  state.flatMap(({ type, stateKey, content }): Draft[] => {
    // What was taken back says nothing, and must not begin to.
    if (Object.keys(content).length === 0) return [];
    const carried = type === 'm.room.join_rules' ? carriedJoinRules(content, version) : content;
    return [{ sender: creator, type, stateKey: stateKey ?? '', content: carried }];
  });

/** A rule that the new version does not know would let nobody in, not even who is invited. */
const carriedJoinRules = (content: JsonObject, { auth }: RoomVersion): JsonObject => {
  const rule = joinRuleOf(content);
  const fallbacks: Readonly<Record<string, readonly string[]>> = {
    knock_restricted: ['knock_restricted', 'restricted', 'knock'],
    restricted: ['restricted'],
    knock: ['knock'],
  };
  const wanted = fallbacks[rule];
  if (!wanted) return content;
  const known = wanted.find((name) => auth.restricted.has(name) || auth.knockable.has(name));
  return { ...content, join_rule: known ?? 'invite' };
};

/** A room's names, divided into those that are moved and those that are not ours to move. */
export const dividedAliases = (
  content: JsonObject | undefined,
  moved: ReadonlySet<RoomAlias>,
): { readonly taken: JsonObject; readonly left: JsonObject } => {
  const alias = canonicalAliasOf(content);
  const others = alternativeAliasesOf(content);
  const part = (isWanted: (alias: string) => boolean): JsonObject => {
    const rest: readonly Json[] = others.filter(isWanted);
    return {
      ...(alias !== undefined && isWanted(alias) && { alias }),
      ...(rest.length > 0 && { alt_aliases: rest }),
    };
  };
  const isMoved = (name: string): boolean => (moved as ReadonlySet<string>).has(name);
  return { taken: part(isMoved), left: part((name) => !isMoved(name)) };
};
