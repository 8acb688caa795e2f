import type { EventId, ServerName } from '@holm/spec/ids';
import { isHidden } from '../../core/events/dummy.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Events } from '../events.ts';
import { type EventStatus, isOfRoom, type SnapshotId, type StoredEvent } from '../model.ts';
import type { RedactionEffect } from '../redactions.ts';
import type { Tries } from '../state/tries.ts';
import { otherServers } from '../members/room-members.ts';
import type { Change } from '../write/change.ts';
import { checkByAuthEvents } from './checks/4-auth-events.ts';
import { ForwardEdge } from './forward-edge.ts';
import { Gaps } from './gaps.ts';
import { Judge, type JudgeDeps } from './judge.ts';
import { KnownEvents } from './known-events.ts';
import { LateEvents, type PlacedAmong } from './late-events.ts';
import { StepRedactions } from './step-redactions.ts';
import { isUnconnected } from './missing/unknown.ts';
import { StepStates, type StepStatesDeps } from './step-states.ts';
import type { ToPlace } from './to-place.ts';

export interface PlacerDeps extends StepStatesDeps, JudgeDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly events: Events;
  readonly tries: Tries;
  readonly nids: Numbers;
}

/** What has been found out about an event, for its place. */
interface Found {
  readonly status: EventStatus;
  readonly isLate: boolean;
  readonly effect: RedactionEffect;
  readonly before: SnapshotId;
  readonly authNumbers: readonly number[] | undefined;
  readonly existing: StoredEvent | undefined;
  readonly gaps: readonly EventId[];
}

/** An event that nothing can be said about yet. */
export interface Unjudged {
  readonly event: Event;
  readonly waitsFor: readonly EventId[];
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
  readonly #gaps: Gaps;
  readonly #late: LateEvents;
  readonly #judge: Judge;
  readonly #edge: ForwardEdge;
  readonly #redactions: StepRedactions;
  readonly known: KnownEvents;
  readonly states: StepStates;
  /** What has been left out, because something is missing. */
  readonly unjudged: Unjudged[] = [];
  /** Events that were rejected, and are not any more. */
  readonly unrejected: EventId[] = [];

  constructor(deps: PlacerDeps, change: Change, placed: PlacedAmong) {
    this.#deps = deps;
    this.#change = change;
    this.known = new KnownEvents(deps.events, change);
    this.#redactions = new StepRedactions(deps, change);
    this.states = new StepStates(deps, change, this.known);
    const step = { change, known: this.known, states: this.states };
    this.#edge = new ForwardEdge(deps.tries, step);
    this.#gaps = new Gaps(deps.db, step, placed.followers);
    this.#late = new LateEvents(deps.db, step, placed);
    this.#judge = new Judge(deps, step, this.#late);
  }

  /** What may change the verdict on events that were rejected before. */
  get news(): EventId[] {
    return [...this.unrejected, ...this.#gaps.filledBeforeRejected];
  }

  /** Refuses an event of whose ancestors something is missing, without keeping it: nothing can be said about it. */
  async place(toPlace: ToPlace): Promise<Verdict> {
    const { event } = toPlace;
    const known = await this.known.find([event.eventId, ...event.authEvents, ...event.prevEvents]);
    if (await this.known.isOfAnotherRoom(event)) return refuse('an event of another room has its id');
    const existing = known.get(event.eventId);
    if (existing?.snapshot !== undefined && !isAgain(toPlace, existing)) return statusVerdict(existing);
    const check = checkByAuthEvents(event, (id) => known.get(id));
    if (!check) return this.#leave(event, event.authEvents, known, 'some of its auth events are missing');
    const before = await this.#before(toPlace, known);
    if (before === undefined) return this.#leave(event, event.prevEvents, known, 'some of its prev events are missing');
    this.#gaps.fill(event.eventId);
    const judged = await this.#judge.judge(toPlace, check.verdict, before);
    if (isAgain(toPlace, existing) && staysRefused(existing, judged.status)) return judged.verdict;
    const { status, effect } = await this.#redactions.judge(event, judged.status, before);
    const gaps = await this.#gaps.before(event.prevEvents, known);
    const { isLate } = judged;
    await this.#settle(toPlace, { status, isLate, effect, before, authNumbers: check.authNumbers, existing, gaps });
    return judged.verdict;
  }

  async #settle(toPlace: ToPlace, found: Found): Promise<void> {
    const { status, existing, effect, gaps } = found;
    const position = this.#position(toPlace, found);
    const stored = await this.#store(toPlace, found, position);
    if (existing?.status === 'rejected' && status !== 'rejected') this.unrejected.push(stored.event.eventId);
    this.#redactions.placed(effect, stored.nid);
    if (position !== undefined) await this.#moveOn(stored, position, toPlace);
    else if (isOfRoom(status) && !(await this.#judge.mayStick(toPlace.event, found)))
      this.#change.unstuck.add(stored.nid);
    const isShown = stored.ord !== undefined || (found.isLate && this.#late.add(stored));
    this.#leaveGaps(stored, gaps, isShown);
  }

  #leaveGaps({ nid, event }: StoredEvent, gaps: readonly EventId[], isShown: boolean): void {
    const followers = isShown ? [] : this.#gaps.heirs(event.eventId);
    for (const gap of gaps) for (const child of [nid, ...followers]) this.#change.gaps.push([gap, child]);
  }

  #leave(event: Event, references: readonly EventId[], known: ReadonlyMap<EventId, StoredEvent>, why: string): Verdict {
    const isMissing = (id: EventId): boolean => {
      const found = known.get(id);
      return references === event.prevEvents
        ? found?.snapshot === undefined
        : found === undefined || isUnconnected(found);
    };
    this.unjudged.push({ event, waitsFor: references.filter(isMissing) });
    return refuse(why);
  }

  /** Follows from its prev events. Where these are missing it is what others say, and what we know besides. */
  async #before(
    { event, stated, resets, again }: ToPlace,
    known: ReadonlyMap<EventId, StoredEvent>,
  ): Promise<SnapshotId | undefined> {
    const prevEvents = event.prevEvents.flatMap((id) => known.get(id) ?? []);
    if (stated) return this.states.together(stated, resets ? [] : prevEvents);
    const before = await this.states.before(event, prevEvents);
    const earlier = known.get(event.eventId)?.snapshot;
    return before ?? (again ? earlier : undefined);
  }

  /** When the room's state is what it is after the event, if that is news. Clients learn of the event itself, if they may. */
  #position({ history }: ToPlace, { status, isLate }: Found): Position | undefined {
    return isOfRoom(status) && history === undefined && !isLate ? this.#change.claim() : undefined;
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
      isAfterGap: found.gaps.length > 0,
      replaces: (await this.#replaced(event, found.before))?.nid,
      authNumbers: found.authNumbers,
      authNumber: found.existing?.authNumber,
      redactedBy: found.existing?.redactedBy,
    });
  }

  /** To be called when everything has been placed. */
  settle(): Promise<void> {
    return this.#late.settle();
  }

  async #replaced(event: Event, before: SnapshotId): Promise<StoredEvent | undefined> {
    if (!isState(event)) return undefined;
    const view = await this.#deps.states.view(this.#change.room, before, [[event.type, event.stateKey]], this.#change);
    return view.values().next().value;
  }

  async #moveOn(stored: StoredEvent, position: Position, { forward, resets = false }: ToPlace): Promise<void> {
    if (forward) this.#forward(stored, position);
    await this.#edge.moveOn(stored, position, { resets, isFollowed: await this.#gaps.isAccountedFor(stored) });
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

const isAgain = ({ again }: ToPlace, existing: StoredEvent | undefined): boolean =>
  again === true && existing !== undefined && !isOfRoom(existing.status);

const staysRefused = (existing: StoredEvent | undefined, status: EventStatus): boolean =>
  status === 'rejected' || status === existing?.status;

const statusVerdict = ({ status }: StoredEvent): Verdict =>
  isOfRoom(status) ? { allowed: true } : refuse(`it has been ${status}`);
