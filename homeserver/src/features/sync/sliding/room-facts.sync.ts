import type { UserId } from '@holm/spec/ids';
import { membershipOf, profileOf, roomNameOf } from '../../../core/events/content.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import { HEROES, type Summaries } from '../summaries.sync.ts';
import { unknownMembers } from '../unknown-members.sync.ts';
import type { Hero, RoomAnswer } from './room-answer.ts';
import type { RoomStates, StateChange } from './room-state.sync.ts';

export interface RoomFactsDeps {
  readonly engine: RoomEngine;
  readonly summaries: Summaries;
  readonly states: RoomStates;
}

export interface Asker {
  readonly room: Room;
  readonly userId: UserId;
  /** The room is new to them. */
  readonly isInitial: boolean;
  /** They have left it: who is there now is not for them to know. */
  readonly isGone: boolean;
  readonly knowsMember: (user: UserId) => boolean;
}

/** What is told of a room, for which its reader may have to know members. */
export interface Showing {
  readonly shown: readonly StoredEvent[];
  readonly heroes?: readonly Hero[] | undefined;
  readonly change: StateChange;
  readonly after: SnapshotId;
}

/** What a reader makes of a room, and of who is in it, without reading its state. */
export class RoomFacts {
  readonly #deps: RoomFactsDeps;

  constructor(deps: RoomFactsDeps) {
    this.#deps = deps;
  }

  /**
   * Senders and targets of what is shown, as far as they are not known; heroes are told by themselves, but for those without
   * a display name: Element X calls a room by such only if it knows them as members, and "2 people" otherwise.
   */
  async lazyMembers(
    { room, knowsMember }: Asker,
    { shown, heroes = [], change, after }: Showing,
  ): Promise<readonly StoredEvent[]> {
    const told = new Set(change.events.flatMap(membersOf));
    const nameless = heroes.filter(({ displayName }) => displayName === undefined);
    const wanted = [
      ...shown.flatMap((event) => [event.event.sender, ...membersOf(event)]),
      ...nameless.map(({ userId }) => userId),
    ];
    const needed = new Set(wanted.filter((user) => !told.has(user) && !knowsMember(user)));
    const { engine, states } = this.#deps;
    const known = await states.members(room, after, needed);
    const unknown = needed.difference(new Set(known.flatMap(membersOf)));
    return [...known, ...(await unknownMembers(engine, room, { timeline: shown, unknown }))];
  }

  /** As of a state, where something has changed; all of it if the room is new. */
  async summary(
    { room, userId, isInitial, isGone }: Asker,
    { changed, gone, hasNewMembers }: StateChange,
    after: SnapshotId,
  ): Promise<Pick<RoomAnswer, 'name' | 'avatar' | 'heroes' | 'counts'>> {
    const named = changeOf('m.room.name', { changed, gone }, ({ content }) => roomNameOf(content) || null);
    const avatar = changeOf('m.room.avatar', { changed, gone }, ({ content }) => textOf(content['url']));
    const facts = { name: toldOf(named, isInitial), avatar: toldOf(avatar, isInitial) };
    if (!isInitial && !hasNewMembers && named !== null) return facts;
    const { joined, invited, heroes, candidates } = await this.#deps.summaries.get(room, userId, after, 'name');
    const counts = !isGone && (isInitial || hasNewMembers) ? { joined, invited } : undefined;
    if (candidates.length === 0) return { ...facts, counts };
    const members = await this.#members(room, after, isGone ? candidates : heroes);
    const seen = isGone ? heroesAmong(candidates, members) : heroes;
    return { ...facts, counts, heroes: seen.map((user) => heroOf(user, members)) };
  }

  async #members(room: Room, snapshot: SnapshotId, users: readonly UserId[]): Promise<Members> {
    const events = await this.#deps.states.members(room, snapshot, users);
    return new Map(events.map(({ event }) => [event.stateKey ?? '', event]));
  }
}

type Members = ReadonlyMap<string, StoredEvent['event']>;

const NO_PROFILE = { displayName: undefined, avatarUrl: undefined };

const heroOf = (userId: UserId, members: Members): Hero => {
  const event = members.get(userId);
  return { userId, ...(event ? profileOf(event.content) : NO_PROFILE) };
};

/** By whom a room was called: those who have left name it only when nobody else was there. */
const heroesAmong = (users: readonly UserId[], members: Members): UserId[] => {
  const were = (...memberships: readonly string[]): UserId[] =>
    users.filter((user) => memberships.includes(membershipIn(members, user) ?? '')).slice(0, HEROES);
  const there = were('join', 'invite');
  return there.length > 0 ? there : were('leave', 'ban');
};

const membershipIn = (members: Members, user: UserId): string | undefined => {
  const event = members.get(user);
  return event && membershipOf(event);
};

/** What a piece of state became; undefined where it did not change. */
const changeOf = (
  type: string,
  { changed, gone }: Pick<StateChange, 'changed' | 'gone'>,
  read: (event: StoredEvent['event']) => string | null,
): string | null | undefined => {
  const event = changed.find(({ event }) => event.type === type && event.stateKey === '');
  if (event) return read(event.event);
  return gone.some(([gone]) => gone === type) ? null : undefined;
};

/** Of what is new, nothing need be said about what it has not. */
const toldOf = (value: string | null | undefined, isInitial: boolean): string | null | undefined =>
  value === null && isInitial ? undefined : value;

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export const membersOf = ({ event }: StoredEvent): UserId[] =>
  event.type === 'm.room.member' && event.stateKey !== undefined ? [event.stateKey as UserId] : [];
