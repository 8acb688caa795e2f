import type { Hearing } from '../long-answers.sync.ts';
import { MatrixError } from '@holm/spec/errors';
import type { RoomId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../../rooms/members/memberships.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Position } from '../../../streams/stream.ts';
import { type Connection, type MembersTold, type Standing, type Told, toldUpTo } from './connection.ts';
import { type CoveredRoom, isEverywhere, isInScope } from './cover.ts';
import type { Following } from './following.service.ts';
import {
  type Extensions,
  type RoomConfig,
  SCOPED_EXTENSIONS,
  type ScopedExtension,
  type Scopes,
  type SlidingRequest,
} from './request.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { Known, RoomView } from './room-views.sync.ts';

export type Positions = readonly Position[];

export const START = 0 as Position;

/** What an answer builds on. */
export interface Base {
  readonly connection: Connection;
  /** Absent for the first answer. */
  readonly after: Positions | undefined;
}

/** Rooms that the connection was told of, and with which its user has nothing to do any more. */
export interface Gone {
  /** Of these the connection knows from now on that they are left. */
  readonly nids: readonly RoomNid[];
  readonly rooms: ReadonlyMap<RoomId, RoomAnswer>;
}

export const NOTHING_GONE: Gone = { nids: [], rooms: new Map() };

/** What is asked for, and what it is asked of. */
export interface Asked {
  readonly base: Base & Hearing;
  readonly request: SlidingRequest;
  readonly upTo: Positions;
  readonly following: Following;
  /** Rooms that may have something to tell: all that are asked for, or those that changed. */
  readonly candidates: ReadonlyMap<RoomNid, CoveredRoom>;
  /** Of which rooms each extension tells once this has arrived. */
  readonly scopes: Scopes;
  readonly members: ReadonlyMemberships;
  readonly gone: Gone;
}

/**
 * Where the connection is told of just the rooms that are asked for, and by extensions that tell of the same as before, only those
 * that changed need be looked at.
 */
export const candidatesOf = (
  base: Base,
  following: Following,
  { roomChanges, scopes }: { readonly roomChanges: RoomEngine['roomChanges']; readonly scopes: Scopes },
): Map<RoomNid, CoveredRoom> => {
  const { rules, roster } = following;
  const since = following.isSettled && scopes === base.connection.scopes ? base.after?.[0] : undefined;
  const mayHaveChanged = (nid: RoomNid): boolean => since === undefined || roomChanges.mayHaveChanged(nid, since);
  const changed = since === undefined ? undefined : roomChanges.among(rules, since);
  const candidates = new Map<RoomNid, CoveredRoom>();
  for (const nid of changed ?? rules.keys()) {
    const rule = mayHaveChanged(nid) ? rules.get(nid) : undefined;
    const listed = rule && roster.get(nid);
    if (listed) candidates.set(nid, { listed, ...rule });
  }
  return candidates;
};

/** Rooms that somebody has read on in. */
export type Read = ReadonlySet<string>;

/** How far the parts have been told of a room, where that is not as far as of the others. */
export const partsOf = (base: Base, nid: RoomNid, room: CoveredRoom): 'new' | readonly Position[] | undefined => {
  const told = knownOf(base, nid);
  return told === undefined || hasComeBack(told, room) ? 'new' : told.missed;
};

/** Of the time in between nothing was told. May be wrong in saying yes. */
const hasComeBack = (told: Known, { listed: { member } }: CoveredRoom): boolean =>
  member.membership === 'join' && (told.standing !== 'join' || member.position > told.at);

/** Rooms that somebody has read on in have other counts, whether anything else of them has changed or not. */
export const withRead = ({ candidates, following: { roster, rules } }: Asked, read: Read): Asked['candidates'] => {
  if (read.size === 0) return candidates;
  const more = new Map(candidates);
  for (const roomId of read) {
    const listed = roster.find(roomId as RoomId);
    const rule = listed && rules.get(listed.card.nid);
    if (rule) more.set(listed.card.nid, { listed, ...rule });
  }
  return more;
};

/** What the connection is told by an answer: of rooms where it is other than before. */
export const told = (asked: Asked, views: ReadonlyMap<RoomNid, RoomView>): Map<RoomNid, Told> => {
  const { candidates, base, gone } = asked;
  const { connection, after = [] } = base;
  const narrow = narrowIn(asked.request.extensions);
  const told = new Map<RoomNid, Told>();
  for (const [nid, room] of candidates) {
    const before = connection.rooms.get(nid);
    const now = nowTold(asked, room, { view: views.get(nid), narrow });
    if (now && (!before || isOther(before, now))) told.set(nid, now);
  }
  for (const nid of notAskedFor(asked)) {
    const before = connection.rooms.get(nid);
    if (before) told.set(nid, { ...before, missed: after });
  }
  for (const nid of gone.nids) {
    const before = connection.rooms.get(nid);
    if (before) told.set(nid, { ...before, limit: 0, standing: 'left', missed: after });
  }
  return told;
};

/** Rooms that were told of in each answer until now. */
const notAskedFor = ({ following: { isSettled, rules }, base: { connection } }: Asked): RoomNid[] =>
  isSettled ? [] : [...connection.live].filter((nid) => !rules.has(nid));

const nowTold = (
  { base, following, request }: Asked,
  room: CoveredRoom,
  { view, narrow }: { readonly view: RoomView | undefined; readonly narrow: readonly ScopedExtension[] },
): Told | undefined => {
  const { connection } = base;
  const { config: wanted, listed } = room;
  const { card } = listed;
  const config = numberOf(connection, wanted);
  const before = connection.rooms.get(card.nid);
  const untoldBy = narrow.length === 0 ? undefined : untoldIn(request.extensions, room, { base, narrow });
  if (!view) return before && { ...before, config, missed: undefined, untoldBy };
  const isDm = following.sorting.dms.has(card.roomId);
  return { limit: view.limit, config, standing: standingOf(view.answer), isDm, untoldBy };
};

/** Extensions that may not tell of all rooms. */
const narrowIn = (extensions: Extensions): readonly ScopedExtension[] =>
  SCOPED_EXTENSIONS.filter((name) => {
    const scope = extensions[name];
    return scope === undefined || !isEverywhere(scope);
  });

/**
 * One that is not asked for tells nothing, and goes on later from where it was: not of a room that has come, or come back, meanwhile.
 * One that never was begins with all that there is.
 */
const untoldIn = (
  extensions: Extensions,
  room: CoveredRoom,
  { base, narrow }: { readonly base: Base; readonly narrow: readonly ScopedExtension[] },
): Told['untoldBy'] => {
  const { rooms, scopes } = base.connection;
  const { nid } = room.listed.card;
  const untold = narrow.filter((name) => {
    const scope = extensions[name];
    if (scope === undefined && scopes[name] === undefined) return false;
    if (scope === undefined)
      return rooms.get(nid)?.untoldBy?.includes(name) === true || partsOf(base, nid, room) !== undefined;
    return !isInScope(scope, room, () => room.listed.card.roomId);
  });
  return untold.length === 0 ? undefined : untold;
};

const isOther = (before: Told, now: Told): boolean =>
  before.missed !== undefined ||
  before.config !== now.config ||
  before.limit !== now.limit ||
  before.standing !== now.standing ||
  before.isDm !== now.isDm ||
  String(before.untoldBy) !== String(now.untoldBy);

/** Where nobody is told of, and nobody was, there is nothing to be remembered. */
export const membersTold = (views: ReadonlyMap<RoomNid, RoomView>, { connection }: Base): Map<RoomNid, MembersTold> =>
  new Map(
    [...views].flatMap(([nid, { members: users, startsOver }]) =>
      users.length > 0 || (startsOver && connection.knowsMembers(nid)) ? [[nid, { users, startsOver }] as const] : [],
    ),
  );

/** Whoever asks for something else each time starts afresh now and then. */
const numberOf = (connection: Connection, config: RoomConfig): number => {
  const number = connection.numberOf(config);
  if (number === undefined) throw new MatrixError('M_UNKNOWN_POS', 'this connection has to be started afresh');
  return number;
};

/** The same object where a room is asked for as before: then nobody looks for state that is asked for now and was not then. */
export const toldConfigOf = (connection: Connection, told: Told, config: RoomConfig): RoomConfig =>
  connection.numberOf(config) === told.config ? config : connection.config(told.config);

export const knownOf = ({ connection, after }: Base, nid: RoomNid): Known | undefined => {
  const told = connection.rooms.get(nid);
  return told && { ...told, at: toldUpTo(told, after?.[0] ?? START) };
};

/** From memory; wrong only in saying yes. */
export const isConcerned = (
  { base, following }: Asked,
  { listed: { card, member }, config }: CoveredRoom,
  read: Read,
): boolean => {
  const told = knownOf(base, card.nid);
  if (told === undefined) return true;
  if (member.position > told.at) return true;
  const isOtherwise = base.connection.numberOf(config) !== told.config;
  if (member.membership !== 'join') return isOtherwise && told.standing === 'outside';
  const isDm = following.sorting.dms.has(card.roomId);
  return isOtherwise || card.changed > told.at || read.has(card.roomId) || isDm !== told.isDm;
};

export const standingOf = ({ membership }: Pick<RoomAnswer, 'membership'>): Standing => {
  if (membership === 'join') return 'join';
  return membership === 'leave' || membership === 'ban' ? 'left' : 'outside';
};
