import type { EventId, ServerName } from '@holm/spec/ids';
import type { AuthState } from '../../core/auth/auth-state.ts';
import { isHidden } from '../../core/events/dummy.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { stickinessOf } from '../../core/events/sticky.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import { type EventStatus, isOfRoom, type SnapshotId, type StoredEvent } from '../model.ts';
import type { PartialRooms } from '../partial/partial-rooms.ts';
import { membersByAuthEvents } from '../partial/members-by-auth-events.ts';
import type { RedactionEffect } from '../redactions.ts';
import type { PolicyServers } from '../policy/policy-servers.ts';
import type { States } from '../state/states.ts';
import type { NextState, Tries } from '../state/tries.ts';
import { otherServers } from '../members/room-members.ts';
import type { Change } from '../write/change.ts';
import { checkByAuthEvents } from './checks/4-auth-events.ts';
import { checkByState } from './checks/5-state-before.ts';
import { checkByCurrentState } from './checks/6-current-state.ts';
import { ForwardEdge } from './forward-edge.ts';
import { Gaps } from './gaps.ts';
import type { Follower } from './gaps.store.ts';
import { KnownEvents } from './known-events.ts';
import { LateEvents } from './late-events.ts';
import { StepRedactions } from './step-redactions.ts';
import { isUnconnected } from './missing/unknown.ts';
import { StepStates, type StepStatesDeps } from './step-states.ts';

export interface PlacerDeps extends StepStatesDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly events: Events;
  readonly states: States;
  readonly tries: Tries;
  readonly partial: Pick<PartialRooms, 'get'>;
  readonly nids: Numbers;
  readonly committer: Committer;
  readonly policies: Pick<PolicyServers, 'objection'>;
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
  /** The event was refused, and may have been wrongly. */
  readonly again?: boolean;
  /** Why the room's policy server does not want it. */
  readonly unwelcome?: string | undefined;
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

interface Judgement {
  readonly status: EventStatus;
  readonly verdict: Verdict;
  /** It is of the room, but not any more what the current state allows. */
  readonly isLate: boolean;
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
  readonly #edge: ForwardEdge;
  readonly #redactions: StepRedactions;
  readonly known: KnownEvents;
  readonly states: StepStates;
  /** What has been left out, because something is missing. */
  readonly unjudged: Unjudged[] = [];
  /** Events that were rejected, and are not any more. */
  readonly unrejected: EventId[] = [];
  readonly positions: Position[] = [];

  /** `events`: what is to be placed, in its order. `followers`: what follows those of them that were missing. */
  constructor(
    deps: PlacerDeps,
    change: Change,
    {
      events,
      followers,
    }: { readonly events: readonly Event[]; readonly followers: ReadonlyMap<EventId, readonly Follower[]> },
  ) {
    this.#deps = deps;
    this.#change = change;
    this.known = new KnownEvents(deps.events, change);
    this.#redactions = new StepRedactions(deps, change);
    this.states = new StepStates(deps, change, this.known);
    const step = { change, known: this.known, states: this.states };
    this.#edge = new ForwardEdge(deps.tries, step);
    this.#gaps = new Gaps(deps.db, step, followers);
    this.#late = new LateEvents(deps.db, step, { events, followers });
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
    const judged = await this.#judge(toPlace, check.verdict, before);
    if (isAgain(toPlace, existing) && staysRefused(existing, judged.status)) return judged.verdict;
    const { status, effect } = await this.#redactions.judge(event, judged.status, before);
    const gaps = await this.#gaps.before(event.prevEvents, known);
    const { isLate } = judged;
    await this.#settle(toPlace, { status, isLate, effect, before, authNumbers: check.authNumbers, existing, gaps });
    return judged.verdict;
  }

  get #isPartial(): boolean {
    return this.#deps.partial.get(this.#change.room.nid) !== undefined;
  }

  async #settle(toPlace: ToPlace, found: Found): Promise<void> {
    const { status, existing, effect, gaps } = found;
    const position = await this.#position(toPlace, found);
    const stored = await this.#store(toPlace, found, position);
    if (existing?.status === 'rejected' && status !== 'rejected') this.unrejected.push(stored.event.eventId);
    this.#redactions.placed(effect, stored.nid);
    if (position !== undefined) await this.#moveOn(stored, position, toPlace);
    else if (await this.#isNotToStick(toPlace, found)) this.#change.unstuck.add(stored.nid);
    const isShown = stored.ord !== undefined || (found.isLate && this.#late.add(stored));
    this.#leaveGaps(stored, gaps, isShown);
  }

  #leaveGaps({ nid, event }: StoredEvent, gaps: readonly EventId[], isShown: boolean): void {
    const followers = isShown ? [] : this.#gaps.heirs(event.eventId);
    for (const gap of gaps) for (const child of [nid, ...followers]) this.#change.gaps.push([gap, child]);
  }

  /** What sticks is news even if its place is in history. Then it has to be allowed now like any other news. */
  async #isNotToStick({ event }: ToPlace, { status, isLate }: Found): Promise<boolean> {
    if (!isOfRoom(status) || stickinessOf(event.pdu) === undefined) return false;
    if (isLate) return true;
    const others = this.#isPartial ? await membersByAuthEvents(this.known, event) : undefined;
    const now = { change: this.#change, snapshot: this.#change.head.snapshot, others };
    return !(await checkByCurrentState(this.#deps.states, event, now)).allowed;
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

  /** Checks 4 to 7; what came of the last one is known already. */
  async #judge(toPlace: ToPlace, byAuthEvents: Verdict, before: SnapshotId): Promise<Judgement> {
    const { states } = this.#deps;
    const { event } = toPlace;
    const others = this.#isPartial ? await membersByAuthEvents(this.known, event) : undefined;
    if (!byAuthEvents.allowed) return { status: 'rejected', verdict: byAuthEvents, isLate: false };
    const byState = await checkByState(states, this.#change, event, { snapshot: before, others });
    if (!byState.allowed) return { status: 'rejected', verdict: byState, isLate: false };
    const byCurrent = this.#isSettled(toPlace, before) ? byState : await this.#judgeNow(toPlace, before, others);
    const isLate = !byCurrent.allowed && (await this.#late.isHistory(event.eventId));
    if (!byCurrent.allowed && !isLate) return { status: 'soft-failed', verdict: byCurrent, isLate };
    const unwelcome = await this.#objection(toPlace);
    if (unwelcome !== undefined) return { status: 'soft-failed', verdict: refuse(unwelcome), isLate };
    return { status: 'accepted', verdict: byState, isLate };
  }

  /**
   * By the current state. Where something is missing before the event, this is not as new as the event: then it is what
   * the current state and the one before the event make together.
   */
  async #judgeNow({ event, stated }: ToPlace, before: SnapshotId, others: AuthState | undefined): Promise<Verdict> {
    const change = this.#change;
    const { snapshot, extremities } = change.head;
    const verdict = await checkByCurrentState(this.#deps.states, event, { change, snapshot, others });
    if (verdict.allowed || !stated) return verdict;
    const together = await this.states.ofExtremities(extremities, [before]);
    return checkByCurrentState(this.#deps.states, event, { change, snapshot: together, others });
  }

  /** What the current state says of the event, the state before it has said. */
  #isSettled({ resets, history }: ToPlace, before: SnapshotId): boolean {
    return before === this.#change.head.snapshot || resets === true || history !== undefined;
  }

  async #objection({ event, unwelcome, again }: ToPlace): Promise<string | undefined> {
    return again === true ? this.#deps.policies.objection(this.#change.room, event) : unwelcome;
  }

  /** When the room's state is what it is after the event, if that is news. Clients learn of the event itself, if they may. */
  async #position({ history }: ToPlace, { status, isLate }: Found): Promise<Position | undefined> {
    return isOfRoom(status) && history === undefined && !isLate ? this.claim() : undefined;
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
