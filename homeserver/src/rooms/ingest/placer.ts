import type { EventId, ServerName } from '@holm/spec/ids';
import { authorise } from '../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../core/auth/selection.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import type { EventStatus, Extremity, SnapshotId, StoredEvent } from '../model.ts';
import { redactionOf } from '../redactions.ts';
import type { AfterStates } from '../state/after-states.ts';
import type { Resolution } from '../state/resolution.ts';
import { authStateOf, type States } from '../state/states.ts';
import type { NextState, Tries } from '../state/tries.ts';
import { otherServers, type Change } from '../write/change.ts';
import { checkByAuthEvents } from './outliers.ts';

export interface PlacerDeps {
  readonly serverName: ServerName;
  readonly events: Events;
  readonly states: States;
  readonly tries: Tries;
  readonly afterStates: AfterStates;
  readonly resolution: Resolution;
  readonly nids: Numbers;
  readonly committer: Committer;
}

export interface ToPlace {
  readonly event: Event;
  /** The state before the event, where it does not follow from its prev events. */
  readonly stated?: NextState | undefined;
  /** Whether the other servers in the room learn of it from us. */
  readonly forward?: boolean;
  /** The event and the state before it replace what we knew of the room: we have just (re)joined. */
  readonly resets?: boolean;
  /** For an event that is no news, but fills a gap or comes before everything: its number in the timeline. */
  readonly history?: number | undefined;
}

/** More numbers than can be taken while the next block is being fetched. */
const AT_HAND = 200;

/**
 * Gives received events their places in the room, on top of what is there: the checks that need the room's state,
 * and what follows from an event for the room's extremities and current state. Works on one step; see `Change`.
 */
export class Placer {
  readonly #deps: PlacerDeps;
  readonly #change: Change;
  readonly #followed: ReadonlySet<EventId>;
  readonly positions: Position[] = [];
  /** States after events of this step, to be remembered once it is durable. */
  readonly after: [StoredEvent, SnapshotId][] = [];

  /** `followed`: events that stored ones follow already, because they were missing; they are no extremities. */
  constructor(deps: PlacerDeps, change: Change, followed: ReadonlySet<EventId>) {
    this.#deps = deps;
    this.#change = change;
    this.#followed = followed;
  }

  /** Refuses an event of whose ancestors something is missing, without keeping it: it may come again. */
  async place(toPlace: ToPlace): Promise<Verdict> {
    const { event, stated } = toPlace;
    const known = await this.#find([event.eventId, ...event.authEvents, ...event.prevEvents]);
    if (await this.#isOfAnotherRoom(event)) return refuse('an event of another room has its id');
    const existing = known.get(event.eventId);
    if (existing?.snapshot !== undefined) return statusVerdict(existing);
    const check = checkByAuthEvents(event, (id) => known.get(id));
    if (!check) return refuse('some of its auth events are missing');
    if (this.#followed.has(event.eventId)) this.#change.filled.push(event.eventId);
    const prevEvents = event.prevEvents.flatMap((id) => known.get(id) ?? []);
    const before = stated ?? (await this.#stateBefore(event, prevEvents));
    if (!before) return refuse('some of its prev events are missing');
    this.#change.addRows(before.rows);
    const { status, verdict } = await this.#judge(toPlace, check.verdict, before.snapshot);
    const { authNumbers } = check;
    const isAfterGap = event.prevEvents.some((id) => known.get(id)?.snapshot === undefined);
    const at = { status, before: before.snapshot, authNumbers, existing, isAfterGap };
    const stored = await this.#store(toPlace, at);
    if (status === 'accepted') await this.#redact(stored, before.snapshot);
    if (stored.position !== undefined) await this.#moveOn(stored, stored.position, toPlace);
    this.#recordGaps(stored, known);
    return verdict;
  }

  /** Steps 4 to 6: by its auth events, by the state before it, by the room's current state. */
  async #judge(
    { event, resets, history }: ToPlace,
    byAuthEvents: Verdict,
    before: SnapshotId,
  ): Promise<{ status: EventStatus; verdict: Verdict }> {
    if (!byAuthEvents.allowed) return { status: 'rejected', verdict: byAuthEvents };
    const byState = await this.#authorise(event, before);
    if (!byState.allowed) return { status: 'rejected', verdict: byState };
    const { snapshot } = this.#change.head;
    const isSettled = before === snapshot || resets === true || history !== undefined;
    const byCurrent = isSettled ? byState : await this.#authorise(event, snapshot);
    return { status: byCurrent.allowed ? 'accepted' : 'soft-failed', verdict: byCurrent };
  }

  async #authorise(event: Event, snapshot: SnapshotId): Promise<Verdict> {
    const keys = stateToAuthorise(event.version, event);
    const view = await this.#deps.states.view(this.#change.room, snapshot, keys, this.#change);
    return authorise(event, authStateOf(view));
  }

  async #store(
    { event, history }: ToPlace,
    at: {
      readonly status: EventStatus;
      readonly before: SnapshotId;
      readonly authNumbers: readonly number[] | undefined;
      readonly existing: StoredEvent | undefined;
      readonly isAfterGap: boolean;
    },
  ): Promise<StoredEvent> {
    const { nids, committer, states } = this.#deps;
    await nids.ensure(AT_HAND);
    const shown = at.status === 'accepted';
    const position = shown && history === undefined ? await committer.claim() : undefined;
    if (position !== undefined) this.positions.push(position);
    const replaced = isState(event)
      ? (await states.view(this.#change.room, at.before, [[event.type, event.stateKey]], this.#change)).values().next()
          .value
      : undefined;
    return this.#change.place(event, {
      nid: at.existing?.nid ?? nids.take(),
      status: at.status,
      snapshot: at.before,
      position,
      history: shown ? history : undefined,
      isAfterGap: at.isAfterGap,
      replaces: replaced?.nid,
      authNumbers: at.authNumbers,
      authNumber: at.existing?.authNumber,
    });
  }

  /** An accepted event becomes an extremity, and what is current follows from the extremities. */
  async #moveOn(stored: StoredEvent, position: Position, { forward, resets }: ToPlace): Promise<void> {
    const change = this.#change;
    const { head } = change;
    const { event } = stored;
    if (forward) this.#forward(stored, position);
    const after = await this.#stateAfter(stored);
    change.addRows(after.rows);
    if (this.#followed.has(event.eventId)) return;
    const left = resets ? [] : await this.#notFollowedBy(event, head.extremities);
    const extremities: Extremity[] = [...left, { nid: stored.nid, eventId: event.eventId, depth: event.depth }];
    change.setExtremities(extremities);
    const isForked = left.length > 0;
    const current = isForked ? await this.#resolveExtremities(extremities, after.snapshot) : after;
    if (isForked) change.addRows(current.rows);
    if (current.snapshot === head.snapshot) return;
    const difference = await this.#deps.tries.diff(head.snapshot, current.snapshot);
    const events = await this.#load(difference.flatMap(([, from, to]) => [from, to]));
    change.setCurrent(
      current.snapshot,
      position,
      difference.map(([key, from, to]) => [key, events.get(from), events.get(to)]),
    );
  }

  /**
   * The extremities that an event leaves as they are. Those that it follows by way of refused events are none any
   * more: refused events are no extremities themselves and take nobody's place, but what comes after them does.
   */
  async #notFollowedBy(event: Event, extremities: readonly Extremity[]): Promise<Extremity[]> {
    const followed = new Set(event.prevEvents);
    let left = extremities.filter(({ eventId }) => !followed.has(eventId));
    for (let wave = event.prevEvents; wave.length > 0 && left.length > 0;) {
      const refused = [...(await this.#find(wave)).values()].filter(({ status }) => status !== 'accepted');
      wave = refused.flatMap((stored) => stored.event.prevEvents).filter((id) => !followed.has(id));
      for (const id of wave) followed.add(id);
      left = left.filter(({ eventId }) => !followed.has(eventId));
    }
    return left;
  }

  async #resolveExtremities(extremities: readonly Extremity[], newest: SnapshotId): Promise<NextState> {
    const snapshots: SnapshotId[] = [];
    for (const { nid } of extremities.slice(0, -1)) {
      const stored = this.#change.event(nid) ?? (await this.#deps.events.byNid(nid));
      if (!stored) throw new Error(`the extremity ${nid} is missing`);
      const after = await this.#stateAfter(stored);
      this.#change.addRows(after.rows);
      snapshots.push(after.snapshot);
    }
    return this.#deps.resolution.resolve([...snapshots, newest], this.#change);
  }

  /** Follows from the states after the prev events; undefined when one of those is not known. */
  async #stateBefore(event: Event, prevEvents: readonly StoredEvent[]): Promise<NextState | undefined> {
    const { head } = this.#change;
    if (event.prevEvents.length === 0) return { snapshot: 0, rows: [] };
    if (prevEvents.length < event.prevEvents.length || prevEvents.some(({ snapshot }) => snapshot === undefined)) {
      return undefined;
    }
    if (isSameSet(event.prevEvents, head.extremities)) return { snapshot: head.snapshot, rows: [] };
    const snapshots: SnapshotId[] = [];
    for (const prev of prevEvents) {
      const after = await this.#stateAfter(prev);
      this.#change.addRows(after.rows);
      snapshots.push(after.snapshot);
    }
    return this.#deps.resolution.resolve(snapshots, this.#change);
  }

  async #stateAfter(stored: StoredEvent): Promise<NextState> {
    const here = this.after.find(([{ nid }]) => nid === stored.nid);
    if (here) return { snapshot: here[1], rows: [] };
    const after = await this.#deps.afterStates.of(this.#change.room.nid, stored);
    this.after.push([stored, after.snapshot]);
    return after;
  }

  async #redact(stored: StoredEvent, before: SnapshotId): Promise<void> {
    const { states, events } = this.#deps;
    const redaction = await redactionOf(stored.event, {
      target: async (id) => this.#change.byId(id) ?? (await events.byId(id)),
      view: (keys) => states.view(this.#change.room, before, keys, this.#change),
    });
    if (redaction) this.#change.redactions.push([redaction.nid, stored.nid]);
  }

  #recordGaps({ event, nid }: StoredEvent, known: ReadonlyMap<EventId, StoredEvent>): void {
    for (const prev of event.prevEvents) {
      if (known.get(prev)?.snapshot === undefined) this.#change.gaps.push([prev, nid]);
    }
  }

  #forward({ nid, event }: StoredEvent, position: Position): void {
    const { room } = this.#change;
    const { serverName } = this.#deps;
    const sender = event.sender.slice(event.sender.indexOf(':') + 1);
    const servers = room.members.loaded?.servers ?? new Map<ServerName, number>();
    const destinations = otherServers(servers, serverName).filter((server) => server !== sender);
    if (destinations.length > 0) this.#change.outbox.push({ position, eventNid: nid, destinations });
  }

  /** Events of this room. One of another room is none: nothing may follow it here. */
  async #find(ids: readonly EventId[]): Promise<Map<EventId, StoredEvent>> {
    const found = new Map<EventId, StoredEvent>();
    const stored = await this.#deps.events.byIds(ids.filter((id) => !this.#change.byId(id)));
    for (const id of ids) {
      const event = this.#change.byId(id) ?? stored.get(id);
      if (event?.roomNid === this.#change.room.nid) found.set(id, event);
    }
    return found;
  }

  /** Where servers choose the ids, they can choose the same for two rooms. */
  async #isOfAnotherRoom({ eventId, version }: Event): Promise<boolean> {
    const stored = version.eventIds === 'supplied' ? await this.#deps.events.byId(eventId) : undefined;
    return stored !== undefined && stored.roomNid !== this.#change.room.nid;
  }

  async #load(nids: readonly number[]): Promise<Map<number, StoredEvent>> {
    const wanted = nids.filter((nid) => nid !== 0);
    const found = await this.#deps.events.load(wanted.filter((nid) => !this.#change.event(nid)));
    for (const nid of wanted) {
      const placed = this.#change.event(nid);
      if (placed) found.set(nid, placed);
    }
    return found;
  }
}

const statusVerdict = ({ status }: StoredEvent): Verdict =>
  status === 'accepted' ? { allowed: true } : refuse(`it has been ${status}`);

const isSameSet = (ids: readonly EventId[], extremities: readonly Extremity[]): boolean =>
  ids.length === extremities.length && extremities.every(({ eventId }) => ids.includes(eventId));
