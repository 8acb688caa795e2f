import type { EventId, ServerName } from '@holm/spec/ids';
import { isHidden } from '../../core/events/dummy.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import type { EventStatus, SnapshotId, StoredEvent } from '../model.ts';
import type { States } from '../state/states.ts';
import type { NextState, Tries } from '../state/tries.ts';
import { otherServers, type Change } from '../write/change.ts';
import { checkByAuthEvents } from './checks/4-auth-events.ts';
import { checkByState } from './checks/5-state-before.ts';
import { checkByCurrentState } from './checks/6-current-state.ts';
import { ForwardEdge } from './forward-edge.ts';
import { KnownEvents } from './known-events.ts';
import { StepRedactions } from './step-redactions.ts';
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
  readonly #redactions: StepRedactions;
  readonly states: StepStates;
  readonly positions: Position[] = [];

  /** `followed`: events that stored ones follow already, because they were missing; they are no extremities. */
  constructor(deps: PlacerDeps, change: Change, followed: ReadonlySet<EventId>) {
    this.#deps = deps;
    this.#change = change;
    this.#followed = followed;
    this.#known = new KnownEvents(deps.events, change);
    this.#redactions = new StepRedactions(deps, change);
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
    const judged = await this.#judge(toPlace, check.verdict, before.snapshot);
    const isAfterGap = event.prevEvents.some((id) => known.get(id)?.snapshot === undefined);
    const { status, effect } = await this.#redactions.judge(event, judged.status, before.snapshot);
    const found: Found = { status, before: before.snapshot, authNumbers: check.authNumbers, existing, isAfterGap };
    const position = await this.#position(toPlace, status);
    const stored = await this.#store(toPlace, found, position);
    this.#redactions.placed(effect, stored.nid);
    if (position !== undefined) await this.#moveOn(stored, position, toPlace);
    this.#recordGaps(stored, known);
    return judged.verdict;
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

  /** When the room's state is what it is after the event, if that is news. Clients learn of the event itself, if they may. */
  async #position({ history }: ToPlace, status: EventStatus): Promise<Position | undefined> {
    return isOfRoom(status) && history === undefined ? this.claim() : undefined;
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
      isHidden: hidden || found.status === 'withheld',
      history: isOfRoom(found.status) && !hidden ? history : undefined,
      isAfterGap: found.isAfterGap,
      replaces: (await this.#replaced(event, found.before))?.nid,
      authNumbers: found.authNumbers,
      authNumber: found.existing?.authNumber,
      redactedBy: found.existing?.redactedBy,
    });
  }

  /** A place in the stream, to be given back with the step. */
  async claim(): Promise<Position> {
    const position = await this.#deps.committer.claim();
    this.positions.push(position);
    return position;
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

/** Whether an event takes part in the room, be it that clients do not see it yet. */
const isOfRoom = (status: EventStatus): boolean => status === 'accepted' || status === 'withheld';

const statusVerdict = ({ status }: StoredEvent): Verdict =>
  isOfRoom(status) ? { allowed: true } : refuse(`it has been ${status}`);
