import type { createRoom } from '@holm/spec/client-server/room-creation';
import type { BodyOf } from '@holm/spec/endpoint';
import type { RoomAlias, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../../core/rooms/room-version.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import { firstPowerLevels } from './power-levels.ts';

export type Wish = BodyOf<typeof createRoom>;
export type Preset = NonNullable<Wish['preset']>;

/** What the server adds to a client's wish. */
export interface Plan {
  readonly version: RoomVersion;
  readonly creator: UserId;
  readonly alias: RoomAlias | undefined;
  /** The creator's own membership. */
  readonly join: Draft;
  /** Those of this server: others have to be asked by theirs. */
  readonly invites: readonly Draft[];
}

export const presetOf = ({ preset, visibility }: Wish): Preset =>
  preset ?? (visibility === 'public' ? 'public_chat' : 'private_chat');

/** Invitees that stand beside the creator. */
export const trustedOf = (wish: Wish): readonly UserId[] =>
  presetOf(wish) === 'trusted_private_chat' ? [...new Set(wish.invite ?? [])] : [];

/** The content of `m.room.create`. The version and, where it is written, the creator are the engine's to add. */
export const createContent = (version: RoomVersion, creator: UserId, wish: Wish): JsonObject => {
  const { creator: _, room_version: __, ...content } = wish.creation_content ?? {};
  const trusted = trustedOf(wish).filter((user) => user !== creator);
  if (!version.auth.privilegedCreators || trusted.length === 0) return content;
  const { additional_creators: named = [] } = content;
  // What is no list is left for the rules to refuse.
  if (!Array.isArray(named)) return content;
  return { ...content, additional_creators: [...new Set([...(named as readonly Json[]), ...trusted])] };
};

const PRESETS: Readonly<Record<Preset, { readonly joinRule: string; readonly guestAccess: string }>> = {
  private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  trusted_private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  public_chat: { joinRule: 'public', guestAccess: 'forbidden' },
};

/**
 * The events of a new room after its create event, in the order that the specification gives:
 * https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3createroom
 */
export const firstEvents = (wish: Wish, plan: Plan): readonly Draft[] => {
  const { version, creator, alias, join, invites } = plan;
  const preset = presetOf(wish);
  const state = (type: string, content: JsonObject, stateKey = ''): Draft => ({
    sender: creator,
    type,
    stateKey,
    content,
  });
  const founders = { creator, trusted: trustedOf(wish), isPublic: preset === 'public_chat' };
  const initial = (wish.initial_state ?? []).map(({ type, state_key, content }) => state(type, content, state_key));
  const isOverridden = (draft: Draft) => initial.some(({ type, stateKey }) => type === draft.type && stateKey === '');
  return [
    join,
    state('m.room.power_levels', firstPowerLevels(version, founders, wish.power_level_content_override)),
    ...(alias === undefined ? [] : [state('m.room.canonical_alias', { alias })]),
    ...[
      state('m.room.join_rules', { join_rule: PRESETS[preset].joinRule }),
      state('m.room.history_visibility', { history_visibility: 'shared' }),
      state('m.room.guest_access', { guest_access: PRESETS[preset].guestAccess }),
    ].filter((draft) => !isOverridden(draft)),
    ...initial,
    ...(wish.name === undefined ? [] : [state('m.room.name', { name: wish.name })]),
    ...(wish.topic === undefined ? [] : [state('m.room.topic', topicContent(wish.topic))]),
    ...invites,
  ];
};

/** Both the plain text that every client reads and the form that newer ones prefer. */
const topicContent = (topic: string): JsonObject => ({
  topic,
  'm.topic': { 'm.text': [{ body: topic, mimetype: 'text/plain' }] },
});
