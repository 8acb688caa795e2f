import type { UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../../core/rooms/room-version.ts';

const CREATOR = 100;
/** Where creators stand above all levels, a room is closed by them alone. */
const ABOVE_ADMINISTRATORS = 150;
const STATE_DEFAULT = 50;

interface Founders {
  readonly creator: UserId;
  /** Invitees that are to have the creator's power. */
  readonly trusted: readonly UserId[];
  readonly isPublic: boolean;
}

/** The first `m.room.power_levels` of a room, with what the client wants to have otherwise. */
export const firstPowerLevels = (version: RoomVersion, founders: Founders, override: JsonObject = {}): JsonObject => {
  const { creator, trusted, isPublic } = founders;
  const { privilegedCreators } = version.auth;
  const levels = {
    users: privilegedCreators ? {} : Object.fromEntries([creator, ...trusted].map((user) => [user, CREATOR])),
    users_default: 0,
    events: {
      'm.room.name': 50,
      'm.room.avatar': 50,
      'm.room.canonical_alias': 50,
      'm.room.power_levels': CREATOR,
      'm.room.history_visibility': CREATOR,
      'm.room.server_acl': CREATOR,
      'm.room.encryption': CREATOR,
      'm.room.tombstone': privilegedCreators ? ABOVE_ADMINISTRATORS : CREATOR,
    },
    events_default: 0,
    state_default: STATE_DEFAULT,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: isPublic ? 50 : 0,
    ...override,
  };
  return privilegedCreators ? withTombstone(levels, override) : levels;
};

/** "The power level for sending `m.room.tombstone` events MUST explicitly be higher than `state_default`." */
const withTombstone = (levels: JsonObject, override: JsonObject): JsonObject => {
  const { events, state_default: stateDefault } = levels;
  const wanted = isObject(override['events']) ? override['events']['m.room.tombstone'] : undefined;
  if (!isObject(events) || wanted !== undefined) return levels;
  const above = typeof stateDefault === 'number' ? stateDefault + 1 : 0;
  return { ...levels, events: { ...events, 'm.room.tombstone': Math.max(ABOVE_ADMINISTRATORS, above) } };
};
