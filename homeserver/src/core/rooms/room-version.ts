import type { Membership } from '../events/membership.ts';
import * as redaction from './redaction-rules.ts';
import type { RedactionRules } from './redaction-rules.ts';

/**
 * A choice of algorithms. Code asks the version what to do; it never asks which version it is.
 * Each version is written as a diff of the one before. https://spec.matrix.org/latest/rooms/
 */
export interface RoomVersion {
  readonly id: string;
  readonly stable: boolean;
  /** Where an event's id comes from: given by its server, or its reference hash in one of two alphabets. */
  readonly eventIds: 'supplied' | 'base64 hash' | 'url-safe hash';
  /** Whether `prev_events` and `auth_events` hold ids, or pairs of an id and its hashes. */
  readonly eventReferences: 'ids' | 'id and hash pairs';
  /** Whether a room is named by its creator's server or by the hash of its create event. */
  readonly roomIds: 'supplied' | 'create hash';
  readonly stateResolution: 'v1' | 'v2' | 'v2.1';
  /** A key signs events only up to its `valid_until_ts`. */
  readonly enforceKeyValidity: boolean;
  /** Numbers are integers in ±(2^53 − 1), written plainly. */
  readonly strictCanonicalJson: boolean;
  /** The greatest `depth`; as near to 2^63 − 1 as a number comes, where that is the limit. */
  readonly maxDepth: number;
  /** An identifier over 255 bytes but not over 255 code points: kept as a rejected event, or dropped. */
  readonly oversizeIds: 'reject' | 'drop';
  readonly redactsKey: 'top level' | 'content';
  readonly redaction: RedactionRules;
  readonly auth: AuthRules;
}

/** The choices of the authorisation rules. */
export interface AuthRules {
  /** `m.room.aliases` is allowed to any server for its own state key. */
  readonly aliasesSpecialCase: boolean;
  /** `m.room.redaction` is checked by the authorisation rules (rule 11 of version 1). */
  readonly redactionRule: boolean;
  /** Levels under `notifications` are protected like the others. */
  readonly notificationLevels: boolean;
  readonly powerLevels: 'lenient' | 'integers or strings' | 'integers';
  /** Who created the room: `content.creator`, the create event's sender, or the sender with `additional_creators`. */
  readonly creator: 'content' | 'sender' | 'sender and additional';
  /** Creators stand above every power level and are not listed in `users`. */
  readonly privilegedCreators: boolean;
  /** The create event stands in `auth_events`; otherwise the room id implies it. */
  readonly createInAuthEvents: boolean;
  readonly memberships: ReadonlySet<Membership>;
  /** Join rules under which a knock may be let in. */
  readonly knockable: ReadonlySet<string>;
  /** Join rules that admit members of other rooms, by an authorising server. */
  readonly restricted: ReadonlySet<string>;
}

const v1: RoomVersion = {
  id: '1',
  stable: true,
  eventIds: 'supplied',
  eventReferences: 'id and hash pairs',
  roomIds: 'supplied',
  stateResolution: 'v1',
  enforceKeyValidity: false,
  strictCanonicalJson: false,
  maxDepth: 2 ** 63,
  oversizeIds: 'reject',
  redactsKey: 'top level',
  redaction: redaction.v1,
  auth: {
    aliasesSpecialCase: true,
    redactionRule: true,
    notificationLevels: false,
    powerLevels: 'lenient',
    creator: 'content',
    privilegedCreators: false,
    createInAuthEvents: true,
    memberships: new Set<Membership>(['join', 'invite', 'leave', 'ban']),
    knockable: new Set(),
    restricted: new Set(),
  },
};

const v2: RoomVersion = { ...v1, id: '2', stateResolution: 'v2' };

const v3: RoomVersion = {
  ...v2,
  id: '3',
  eventIds: 'base64 hash',
  eventReferences: 'ids',
  auth: { ...v2.auth, redactionRule: false },
};

const v4: RoomVersion = { ...v3, id: '4', eventIds: 'url-safe hash' };

const v5: RoomVersion = { ...v4, id: '5', enforceKeyValidity: true };

const v6: RoomVersion = {
  ...v5,
  id: '6',
  strictCanonicalJson: true,
  maxDepth: Number.MAX_SAFE_INTEGER,
  redaction: redaction.v6,
  auth: { ...v5.auth, aliasesSpecialCase: false, notificationLevels: true, powerLevels: 'integers or strings' },
};

const v7: RoomVersion = {
  ...v6,
  id: '7',
  auth: {
    ...v6.auth,
    memberships: new Set<Membership>([...v6.auth.memberships, 'knock']),
    knockable: new Set(['knock']),
  },
};

const v8: RoomVersion = {
  ...v7,
  id: '8',
  redaction: redaction.v8,
  auth: { ...v7.auth, restricted: new Set(['restricted']) },
};

const v9: RoomVersion = { ...v8, id: '9', redaction: redaction.v9 };

const v10: RoomVersion = {
  ...v9,
  id: '10',
  auth: {
    ...v9.auth,
    powerLevels: 'integers',
    knockable: new Set(['knock', 'knock_restricted']),
    restricted: new Set(['restricted', 'knock_restricted']),
  },
};

const v11: RoomVersion = {
  ...v10,
  id: '11',
  redactsKey: 'content',
  redaction: redaction.v11,
  auth: { ...v10.auth, creator: 'sender' },
};

const v12: RoomVersion = {
  ...v11,
  id: '12',
  roomIds: 'create hash',
  stateResolution: 'v2.1',
  oversizeIds: 'drop',
  auth: { ...v11.auth, creator: 'sender and additional', privilegedCreators: true, createInAuthEvents: false },
};

const versions: ReadonlyMap<string, RoomVersion> = new Map(
  [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12].map((version) => [version.id, version]),
);

export const roomVersions: readonly RoomVersion[] = [...versions.values()];

export const roomVersion = (id: string): RoomVersion | undefined => versions.get(id);
