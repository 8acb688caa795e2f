import { type RoomId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { authorise } from '../../core/auth/authorise.ts';
import { member, powerLevelOf } from '../../core/auth/power-levels.ts';
import { authStateKeys, stateToAuthorise } from '../../core/auth/selection.ts';
import { buildEvent, type Signer } from '../../core/events/build.ts';
import { DUMMY_TYPE } from '../../core/events/dummy.ts';
import type { Event } from '../../core/events/event.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import { ForwardEdge } from '../ingest/forward-edge.ts';
import { KnownEvents } from '../ingest/known-events.ts';
import { StepStates, type StepStatesDeps } from '../ingest/step-states.ts';
import type { Extremity, Head, RoomNid, SnapshotId } from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import { newEventId } from '../send/chain.ts';
import { authStateOf, type States } from '../state/states.ts';
import type { Tries } from '../state/tries.ts';
import { Change } from '../write/change.ts';
import { KEPT, MAX_PREV_EVENTS, toForget, toJoin, TOLERATED } from './bounds.ts';
import { extremitiesStore } from './extremities.store.ts';

export interface MergerDeps extends StepStatesDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly rooms: Rooms;
  readonly events: Events;
  readonly states: States;
  readonly tries: Tries;
  readonly nids: Numbers;
  readonly committer: Committer;
  readonly queue: KeyedQueue<RoomNid>;
  readonly log: Log;
}

/** How often a step is built again after somebody else has written to the room. */
const MAX_ATTEMPTS = 10;
/** Users of ours who are tried, the most powerful first. */
const MAX_SENDERS = 20;
/** Rooms that are looked after at once. */
const ROOMS_AT_ONCE = 100;

interface Step {
  readonly room: Room;
  readonly change: Change;
  readonly known: KnownEvents;
  readonly states: StepStates;
  readonly edge: ForwardEdge;
}

/**
 * Keeps the extremities of rooms few. Where there are more than an event of ours can follow, the state that it would be
 * built on is not the one that others compute for it; and every one of them makes the next resolution dearer.
 *
 * They are joined by events that say nothing, sent in the name of whoever of ours may. Clients do not see them, and they
 * are not pushed to other servers, who would each answer with their own: others fetch them as ancestors of what comes next.
 */
export class Merger {
  readonly #deps: MergerDeps;

  constructor(deps: MergerDeps) {
    this.#deps = deps;
  }

  /** For who is in the room's queue and has just written to it. */
  async relieve(room: Room): Promise<void> {
    if ((room.head?.extremities.length ?? 0) <= MAX_PREV_EVENTS) return;
    try {
      await this.#joinDownTo(room.roomId, MAX_PREV_EVENTS);
    } catch (err) {
      // What was received before is durable, and no worse for it.
      this.#deps.log.error('the loose ends of a room could not be joined', { roomId: room.roomId, err });
    }
  }

  /** Joins what has been loose for a while, in all rooms. */
  async tidy(): Promise<void> {
    const { db, queue, rooms } = this.#deps;
    for (const nid of await extremitiesStore.looseRooms(db, TOLERATED, ROOMS_AT_ONCE)) {
      const room = await rooms.byNid(nid);
      if (room?.head) await queue.run(nid, () => this.#joinDownTo(room.roomId, TOLERATED));
    }
  }

  async #joinDownTo(roomId: RoomId, most: number): Promise<void> {
    const { rooms, committer } = this.#deps;
    for (let attempts = 0; attempts < MAX_ATTEMPTS;) {
      const room = await rooms.joined(roomId);
      if (room.head.extremities.length <= most) return;
      const step = await this.#begin(room, room.head);
      let isJoined: boolean;
      try {
        isJoined = await this.#join(step);
      } catch (error) {
        committer.abandon(step.change, []);
        throw error;
      }
      if (!isJoined && !(await this.#forget(step))) return;
      if (await committer.commit(step.change, await committer.take(step.change))) continue;
      rooms.drop(room.nid);
      attempts++;
    }
  }

  async #begin(room: Room, head: Head): Promise<Step> {
    const { events, serverName, tries } = this.#deps;
    await room.members.load(serverName);
    const change = new Change(room, head);
    const known = new KnownEvents(events, change);
    const states = new StepStates(this.#deps, change, known);
    const edge = new ForwardEdge(tries, { change, known, states });
    return { room, change, known, states, edge };
  }

  /** False when none of our users may. */
  async #join({ room, change, states, edge }: Step): Promise<boolean> {
    const { nids } = this.#deps;
    const ends = toJoin(change.head.extremities);
    const before = await states.ofExtremities(ends);
    const event = await this.#dummy(room, change, { ends, before });
    if (!event) return false;
    const position = change.claim();
    const nid = await nids.whenAtHand(1, () => nids.take());
    const stored = change.place(event, {
      nid,
      status: 'accepted',
      snapshot: before,
      position,
      isHidden: true,
      replaces: undefined,
      authNumbers: undefined,
    });
    await edge.moveOn(stored, position, { resets: false, isFollowed: false });
    return true;
  }

  /** Allowed by the state before it and by the current one, as others will judge it. */
  async #dummy(
    room: Room,
    change: Change,
    { ends, before }: { readonly ends: readonly Extremity[]; readonly before: SnapshotId },
  ): Promise<Event | undefined> {
    for (const sender of await this.#senders(room, change, before)) {
      const keys = stateToAuthorise(room.version, draftOf(sender));
      const view = await this.#deps.states.view(room, before, keys, change);
      const event = this.#build(room, sender, {
        ends,
        authEvents: authStateKeys(room.version, draftOf(sender)).flatMap(
          (key) => view.get(keyString(...key))?.event.eventId ?? [],
        ),
      });
      if (!authorise(event, authStateOf(view)).allowed) continue;
      const current = await this.#deps.states.view(room, change.head.snapshot, keys, change);
      if (authorise(event, authStateOf(current)).allowed) return event;
    }
    return undefined;
  }

  #build(
    room: Room,
    sender: UserId,
    { ends, authEvents }: { readonly ends: readonly Extremity[]; readonly authEvents: readonly Event['eventId'][] },
  ): Event {
    const { clock, entropy, signer } = this.#deps;
    const { version } = room;
    return buildEvent(
      {
        ...draftOf(sender),
        version,
        roomId: room.roomId,
        eventId: version.eventIds === 'supplied' ? newEventId(entropy, signer.server) : undefined,
        prevEvents: ends.map(({ eventId }) => eventId),
        authEvents,
        depth: Math.max(...ends.map(({ depth }) => depth)) + 1,
        sentAt: clock.now(),
      },
      signer,
    );
  }

  /** Users of ours in the room: those whose power is named, and some of the others; the most powerful first. */
  async #senders(room: Room, change: Change, before: SnapshotId): Promise<UserId[]> {
    const local = room.members.loaded?.local ?? new Set<UserId>();
    const state = authStateOf(
      await this.#deps.states.view(room, before, [['m.room.create', ''], ['m.room.power_levels', '']], change), // prettier-ignore
    );
    const named = Object.keys(member(state('m.room.power_levels', '')?.content, 'users') ?? {}).filter(UserId.is);
    const some = [...local].slice(0, MAX_SENDERS);
    return [...new Set([...named.filter((user) => local.has(user)), ...some])]
      .sort((a, b) => powerLevelOf(b, state) - powerLevelOf(a, state) || 0)
      .slice(0, MAX_SENDERS);
  }

  /** Gives up the oldest loose ends of who has made the most, if there are more than can be borne. */
  async #forget({ room, change, known }: Step): Promise<boolean> {
    const { extremities } = change.head;
    if (extremities.length <= KEPT) return false;
    const events = await known.load(extremities.map(({ nid }) => nid));
    const ends = extremities.flatMap(({ nid, depth }) => {
      const sender = events.get(nid)?.event.sender;
      return sender === undefined ? [] : [{ nid, depth, server: serverOf(sender) }];
    });
    const forgotten = toForget(ends);
    change.setExtremities(extremities.filter(({ nid }) => !forgotten.has(nid)));
    this.#deps.log.warn('loose ends of a room forgotten that nobody here may join', {
      roomId: room.roomId,
      forgotten: forgotten.size,
    });
    return forgotten.size > 0;
  }
}

const draftOf = (sender: UserId) => ({ type: DUMMY_TYPE, sender, stateKey: undefined, content: {} });
