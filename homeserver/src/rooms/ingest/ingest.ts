import type { EventId, RoomId, ServerName } from '@holm/spec/ids';
import { isServerAllowed } from '../../core/acl/server-acl.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { MatrixError } from '@holm/spec/errors';
import { ALLOW, refuse, type Verdict } from '../../core/verdict.ts';
import type { Background } from '../../platform/background.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Position } from '../../streams/stream.ts';
import type { KeyedQueue as Queue } from '../../platform/keyed-queue.ts';
import type { RoomEngine } from '../engine.ts';
import type { AwaitedRedactions } from '../awaited-redactions.ts';
import type { Committer } from '../commit.ts';
import { EMPTY_HEAD, type Head, type RoomNid } from '../model.ts';
import type { PolicyServers } from '../policy/policy-servers.ts';
import type { Merger } from '../extremities/merger.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import type { Holds } from '../upkeep/holds.ts';
import { Change } from '../write/change.ts';
import type { Admission } from './admission.ts';
import type { HeldEvents, Retry } from './held-events.ts';
import type { Missing, StatedState } from './missing.ts';
import { checkByPolicyServer } from './checks/7-policy-server.ts';
import { byPrevEvents, inOrder } from './order.ts';
import { Outliers } from './outliers.ts';
import { Followers } from './followers.ts';
import { gapsStore } from './gaps.store.ts';
import { Placer, type PlacerDeps } from './placer.ts';
import { statedEntries, statedSnapshot } from './stated-state.ts';
import { UnprovenEvents } from './unproven-events.ts';
import { Unrejection } from './unrejection.ts';

/** How often a step is built again after somebody else has written to the room. */
const MAX_ATTEMPTS = 10;

export interface IngestDeps extends PlacerDeps {
  readonly rooms: Rooms;
  readonly committer: Committer;
  readonly admission: Admission;
  readonly missing: Missing;
  readonly merger: Pick<Merger, 'relieve'>;
  readonly held: HeldEvents;
  readonly background: Background;
  readonly policies: Pick<PolicyServers, 'of' | 'signed' | 'objection'>;
  readonly queue: Queue<RoomNid>;
  readonly membersOf: RoomEngine['membersOf'];
  readonly holds: Pick<Holds, 'isStopped'>;
  readonly awaited: Pick<AwaitedRedactions, 'settle'>;
  readonly log: Log;
}

/** Everything that a step places, fetched beforehand. */
export interface Step {
  /** In the order in which they follow each other. */
  readonly events: readonly Event[];
  /** What the events' authority rests on, as far as it was missing. */
  readonly outliers: readonly Event[];
  /** States before events whose ancestors could not be had. */
  readonly stated: ReadonlyMap<EventId, StatedState>;
  /** What the room's policy server has not agreed to, and why. */
  readonly unwelcome?: ReadonlyMap<EventId, string>;
  readonly forward: boolean;
  /** Who sent the events; those that cannot be judged yet are held. */
  readonly origin?: ServerName;
  /** We have just joined: what this step says replaces what we knew of the room, if anything. */
  readonly resets?: boolean;
  /** So many outliers that they would drive everything else from memory: what is read of them is read again. */
  readonly isBulk?: boolean;
  /** The events are no news: they belong right in front of this number of the room's timeline. */
  readonly before?: number;
}

/**
 * Takes in events of other servers.
 * https://spec.matrix.org/latest/server-server-api/#checks-performed-on-receipt-of-a-pdu
 *
 * What is missing is fetched before the room's queue is entered, so that a slow server never holds up the room.
 */
export class Ingest {
  readonly #deps: IngestDeps;
  /**
   * Fetching for one room from one server happens once at a time: the second time mostly nothing is missing. A server
   * that takes its time, or never answers, holds up only what it sent itself.
   */
  readonly #fetching = new KeyedQueue<`${RoomNid} ${ServerName}`>();
  readonly #outliers: Outliers;
  readonly #followers: Followers;
  readonly #unproven: UnprovenEvents;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#unproven = new UnprovenEvents(deps);
    this.#followers = new Followers(deps.db);
    this.#outliers = new Outliers(deps.events, deps.nids);
  }

  /** PDUs of one room from a transaction. What is refused is said by id; what cannot even be read is left out. */
  async receive(origin: ServerName, roomId: RoomId, raw: readonly unknown[]): Promise<Map<EventId, Verdict>> {
    const room = await this.#deps.rooms.byId(roomId);
    if (!room?.head) return new Map();
    if (this.#deps.holds.isStopped(roomId)) return denied(room, raw, 'this server takes no events of this room');
    if (!(await this.isAllowed(room, origin))) {
      this.#deps.log.info('events of a server that the room denies', { origin, roomId });
      return denied(room, raw, 'the room denies your server');
    }
    const { events, refused, unproven } = await this.#deps.admission.admit(room, raw);
    await this.#unproven.hold(room, origin, unproven);
    const verdicts = new Map([...refused].map(([id, why]): [EventId, Verdict] => [id, refuse(why)]));
    const placed = await this.take(origin, room, events, { forward: false });
    const stored = await this.#deps.events.byIds([...placed.keys()]);
    for (const [id, verdict] of placed) {
      // That an event has come too late is nothing that its sender did wrong.
      verdicts.set(id, stored.get(id)?.status === 'soft-failed' ? ALLOW : verdict);
    }
    return verdicts;
  }

  /** Admitted events, with whatever they refer to. */
  take(
    origin: ServerName,
    room: Room,
    events: readonly Event[],
    { forward }: { readonly forward: boolean },
  ): Promise<Map<EventId, Verdict>> {
    return this.#fetching.run(`${room.nid} ${origin}`, async () => {
      const news = await this.#news(room, events);
      if (news.length === 0) return new Map(events.map(({ eventId }) => [eventId, { allowed: true }]));
      const step = await this.#prepare(origin, room, news);
      const byPolicy = await checkByPolicyServer(this.#deps.policies, room, step.events);
      return this.enter(room, { ...step, ...byPolicy, forward, origin });
    });
  }

  /** Places a step that is complete: a room that has been joined, or history that has been fetched. */
  enter(room: Room, step: Step): Promise<Map<EventId, Verdict>> {
    return this.#deps.queue.run(room.nid, () => this.#placeStep(room.roomId, step));
  }

  /** Tries again what could not be judged for want of other events, and has waited long enough. */
  async retryHeld(): Promise<void> {
    await this.#retry(await this.#deps.held.due());
  }

  async #retry(retries: readonly Retry[]): Promise<void> {
    for (const { room, origin, events, unproven } of retries) {
      if (!(await this.isAllowed(room, origin))) continue;
      const proven = await this.#unproven.prove(room, unproven);
      await this.take(origin, room, [...events, ...proven], { forward: false });
    }
  }

  /** A server has said what its keys are: what could not be checked without them is tried again. */
  keysCame(server: ServerName): void {
    const { held, background } = this.#deps;
    background.run('check held events', async () => this.#retry(await held.waitingForKeys(server)));
  }

  async isAllowed(room: Room, server: ServerName): Promise<boolean> {
    if (!room.head) return true;
    const acl = await this.#deps.states.get(room, room.head.snapshot, ['m.room.server_acl', '']);
    return isServerAllowed(acl?.event.content, server);
  }

  /** In the room's queue: places a step and commits it, again and again while somebody else is faster. */
  async #placeStep(roomId: RoomId, step: Step): Promise<Map<EventId, Verdict>> {
    const { rooms } = this.#deps;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const room = await rooms.byId(roomId);
      const head = room?.head ?? (step.resets ? EMPTY_HEAD : undefined);
      if (!room || !head) throw new MatrixError('M_NOT_FOUND', 'this server is not in that room');
      const verdicts = await this.#tryStep(room, head, step);
      if (verdicts) {
        await this.#deps.merger.relieve(room);
        return verdicts;
      }
      rooms.drop(room.nid);
    }
    throw new Error(`room ${roomId} moved on ${MAX_ATTEMPTS} times while events were received`);
  }

  /** Undefined when the room's head has moved. */
  async #tryStep(room: Room, head: Head, step: Step): Promise<Map<EventId, Verdict> | undefined> {
    const { committer, serverName, afterStates } = this.#deps;
    await room.members.load(serverName);
    const ids = step.events.map(({ eventId }) => eventId);
    const change = new Change(room, head);
    change.isAtHand = step.isBulk !== true;
    const { events } = step;
    const placer = new Placer(this.#deps, change, { events, followers: await this.#followers.of(room.nid, ids) });
    let verdicts: Map<EventId, Verdict>;
    let positions: readonly Position[];
    try {
      verdicts = await this.#placeAll(change, placer, step);
      await this.#deps.awaited.settle(change);
      positions = await committer.take(change);
    } catch (error) {
      committer.abandon(change, []);
      throw error;
    }
    if (!change.isEmpty && !(await committer.commit(change, positions))) return undefined;
    for (const [nid, snapshot] of placer.states.after) afterStates.remember(nid, snapshot);
    await this.#keepUnjudged(room, step, { change, placer });
    return verdicts;
  }

  /** What cannot be judged yet is held; what waited for this step's events is tried again. */
  async #keepUnjudged(
    room: Room,
    { events, origin }: Step,
    { change, placer }: { readonly change: Change; readonly placer: Placer },
  ): Promise<void> {
    const { held, background } = this.#deps;
    const open = new Set(placer.unjudged.map(({ event }) => event.eventId));
    const closed = events.map(({ eventId }) => eventId).filter((id) => !open.has(id));
    if (origin !== undefined) await held.hold(room, origin, placer.unjudged);
    await held.settle(room, closed);
    const placed = change.events.map(({ event }) => event.eventId);
    const retries = await held.waitingFor(room, placed);
    if (retries.length > 0) background.run('try held events again', () => this.#retry(retries));
  }

  async #placeAll(change: Change, placer: Placer, step: Step): Promise<Map<EventId, Verdict>> {
    const { log } = this.#deps;
    await this.#outliers.place(change, step.outliers);
    await placer.known.prepare(step.events);
    const verdicts = new Map<EventId, Verdict>();
    const { forward, resets = false } = step;
    const first = await this.#firstOfHistory(change.room, step);
    for (const [index, event] of step.events.entries()) {
      const stated = await this.#stated(change, step.stated.get(event.eventId));
      const history = first === undefined ? undefined : first + index;
      const verdict = await placer.place({
        event,
        stated,
        forward,
        resets,
        history,
        unwelcome: step.unwelcome?.get(event.eventId),
      });
      verdicts.set(event.eventId, verdict);
      if (!verdict.allowed) {
        log.info('event refused', { roomId: event.roomId, eventId: event.eventId, why: verdict.reason });
      }
    }
    await new Unrejection(this.#deps.db, { change, known: placer.known, placer }).after(placer.news);
    await placer.settle();
    return verdicts;
  }

  /** Numbers that were free when history was fetched may have been given since to what came late. */
  async #firstOfHistory({ nid, roomId }: Room, { before, events }: Step): Promise<number | undefined> {
    if (before === undefined) return undefined;
    const { last, count } = await gapsStore.freeBelow(this.#deps.db, nid, before);
    if (count < events.length) throw new Error(`no room is left for history in ${roomId} in front of ${before}`);
    return last + 1 - events.length;
  }

  async #stated(change: Change, stated: StatedState | undefined) {
    if (!stated) return undefined;
    const outliers = await this.#outliers.place(change, [...stated.authChain, ...stated.state]);
    const placed = stated.state.flatMap(({ eventId }) => outliers.get(eventId) ?? []);
    const refs = stated.stored?.length ? await gapsStore.refs(this.#deps.db, stated.stored) : [];
    return statedSnapshot(this.#deps.tries, change, await statedEntries(change, placed, refs));
  }

  async #news(room: Room, events: readonly Event[]): Promise<Event[]> {
    const stored = await this.#deps.events.byIds(events.map(({ eventId }) => eventId));
    return events.filter(({ eventId }) => {
      const known = stored.get(eventId);
      return known?.snapshot === undefined || known.roomNid !== room.nid;
    });
  }

  async #prepare(origin: ServerName, room: Room, news: readonly Event[]): Promise<Omit<Step, 'forward'>> {
    const { missing } = this.#deps;
    const events = inOrder(await missing.withAncestors(origin, room, news), byPrevEvents);
    const outliers = await missing.authEvents(origin, room, events);
    return { events, outliers, stated: await missing.states(origin, room, events) };
  }
}

const denied = ({ version }: Room, raw: readonly unknown[], why: string): Map<EventId, Verdict> => {
  const events = raw.map((pdu) => parsePdu(pdu, version)).filter((event): event is Event => !isRefused(event));
  return new Map(events.map(({ eventId }) => [eventId, refuse(why)]));
};
