import type { EventId, ServerName } from '@holm/spec/ids';
import { isHidden } from '../../core/events/dummy.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import type { EventStatus, SnapshotId, StoredEvent } from '../model.ts';
import { redactionOf } from '../redactions.ts';
import type { States } from '../state/states.ts';
import type { NextState, Tries } from '../state/tries.ts';
import { otherServers, type Change } from '../write/change.ts';
import { checkByAuthEvents } from './checks/4-auth-events.ts';
import { checkByState } from './checks/5-state-before.ts';
import { checkByCurrentState } from './checks/6-current-state.ts';
import { ForwardEdge } from './forward-edge.ts';
import { KnownEvents } from './known-events.ts';
import { StepStates, type StepStatesDeps } from './step-states.ts';

export interface PlacerDeps extends StepStatesDeps {
  readonly serverName: ServerName;
  readonly events: Events;
  readonly states: States;
  readonly tries: Tries;
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

/** What has been found out about an event, for its place. */
interface Found {
  readonly status: EventStatus;
  readonly before: SnapshotId;
  readonly authNumbers: readonly number[] | undefined;
  readonly existing: StoredEvent | undefined;
  readonly isAfterGap: boolean;
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
  readonly #known: KnownEvents;
  readonly #edge: ForwardEdge;
  readonly states: StepStates;
  readonly positions: Position[] = [];

  /** `followed`: events that stored ones follow already, because they were missing; they are no extremities. */
  constructor(deps: PlacerDeps, change: Change, followed: ReadonlySet<EventId>) {
    this.#deps = deps;
    this.#change = change;
    this.#followed = followed;
    this.#known = new KnownEvents(deps.events, change);
    this.states = new StepStates(deps, change, this.#known);
    this.#edge = new ForwardEdge(deps.tries, { change, known: this.#known, states: this.states });
  }

  /** Refuses an event of whose ancestors something is missing, without keeping it: it may come again. */
  async place(toPlace: ToPlace): Promise<Verdict> {
    const { event, stated } = toPlace;
    const known = await this.#known.find([event.eventId, ...event.authEvents, ...event.prevEvents]);
    if (await this.#known.isOfAnotherRoom(event)) return refuse('an event of another room has its id');
    const existing = known.get(event.eventId);
    if (existing?.snapshot !== undefined) return statusVerdict(existing);
    const check = checkByAuthEvents(event, (id) => known.get(id));
    if (!check) return refuse('some of its auth events are missing');
    if (this.#followed.has(event.eventId)) this.#change.filled.push(event.eventId);
    const prevEvents = event.prevEvents.flatMap((id) => known.get(id) ?? []);
    const before = stated ?? (await this.states.before(event, prevEvents));
    if (!before) return refuse('some of its prev events are missing');
    this.#change.addRows(before.rows);
    const { status, verdict } = await this.#judge(toPlace, check.verdict, before.snapshot);
    const isAfterGap = event.prevEvents.some((id) => known.get(id)?.snapshot === undefined);
    const found: Found = { status, before: before.snapshot, authNumbers: check.authNumbers, existing, isAfterGap };
    const position = await this.#position(toPlace, status);
    const stored = await this.#store(toPlace, found, position);
    if (status === 'accepted') await this.#redact(stored, before.snapshot);
    if (position !== undefined) await this.#moveOn(stored, position, toPlace);
    this.#recordGaps(stored, known);
    return verdict;
  }

  /** Checks 4 to 6. */
  async #judge(
    { event, resets, history }: ToPlace,
    byAuthEvents: Verdict,
    before: SnapshotId,
  ): Promise<{ readonly status: EventStatus; readonly verdict: Verdict }> {
    const { states } = this.#deps;
    if (!byAuthEvents.allowed) return { status: 'rejected', verdict: byAuthEvents };
    const byState = await checkByState(states, this.#change, event, before);
    if (!byState.allowed) return { status: 'rejected', verdict: byState };
    const isSettled = before === this.#change.head.snapshot || resets === true || history !== undefined;
    const byCurrent = isSettled ? byState : await checkByCurrentState(states, this.#change, event);
    return { status: byCurrent.allowed ? 'accepted' : 'soft-failed', verdict: byCurrent };
  }

  /** A place in the stream, for what is accepted and news. */
  async #position({ history }: ToPlace, status: EventStatus): Promise<Position | undefined> {
    if (status !== 'accepted' || history !== undefined) return undefined;
    const position = await this.#deps.committer.claim();
    this.positions.push(position);
    return position;
  }

  async #store({ event, history }: ToPlace, found: Found, position: Position | undefined): Promise<StoredEvent> {
    const { nids } = this.#deps;
    await nids.ensure(AT_HAND);
    const hidden = isHidden(event);
    return this.#change.place(event, {
      nid: found.existing?.nid ?? nids.take(),
      status: found.status,
      snapshot: found.before,
      position,
      isHidden: hidden,
      history: found.status === 'accepted' && !hidden ? history : undefined,
      isAfterGap: found.isAfterGap,
      replaces: (await this.#replaced(event, found.before))?.nid,
      authNumbers: found.authNumbers,
      authNumber: found.existing?.authNumber,
    });
  }

  async #replaced(event: Event, before: SnapshotId): Promise<StoredEvent | undefined> {
    if (!isState(event)) return undefined;
    const view = await this.#deps.states.view(this.#change.room, before, [[event.type, event.stateKey]], this.#change);
    return view.values().next().value;
  }

  async #moveOn(stored: StoredEvent, position: Position, { forward, resets = false }: ToPlace): Promise<void> {
    if (forward) this.#forward(stored, position);
    await this.#edge.moveOn(stored, position, { resets, isFollowed: this.#followed.has(stored.event.eventId) });
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
}

const statusVerdict = ({ status }: StoredEvent): Verdict =>
  status === 'accepted' ? { allowed: true } : refuse(`it has been ${status}`);
