import type { AuthState } from '../../core/auth/auth-state.ts';
import type { Event } from '../../core/events/event.ts';
import { stickinessOf } from '../../core/events/sticky.ts';
import { refuse, type Verdict } from '../../core/verdict.ts';
import type { EventStatus, SnapshotId } from '../model.ts';
import { membersByAuthEvents } from '../partial/members-by-auth-events.ts';
import type { PartialRooms } from '../partial/partial-rooms.ts';
import type { PolicyServers } from '../policy/policy-servers.ts';
import type { States } from '../state/states.ts';
import type { Change } from '../write/change.ts';
import { checkByState } from './checks/5-state-before.ts';
import { checkByCurrentState } from './checks/6-current-state.ts';
import type { KnownEvents } from './known-events.ts';
import type { LateEvents } from './late-events.ts';
import type { StepStates } from './step-states.ts';
import type { ToPlace } from './to-place.ts';

export interface JudgeDeps {
  readonly states: States;
  readonly partial: Pick<PartialRooms, 'get'>;
  readonly policies: Pick<PolicyServers, 'objection'>;
}

interface StepToJudge {
  readonly change: Change;
  readonly known: KnownEvents;
  readonly states: StepStates;
}

export interface Judgement {
  readonly status: EventStatus;
  readonly verdict: Verdict;
  /** It is of the room, but not any more what the current state allows. */
  readonly isLate: boolean;
}

/** What the rules, the room's policy server and the course of events say of received events, by the states of a step. */
export class Judge {
  readonly #deps: JudgeDeps;
  readonly #of: StepToJudge;
  readonly #late: Pick<LateEvents, 'isHistory'>;

  constructor(deps: JudgeDeps, of: StepToJudge, late: Pick<LateEvents, 'isHistory'>) {
    this.#deps = deps;
    this.#of = of;
    this.#late = late;
  }

  /** Checks 4 to 7, the first of which has been made. */
  async judge(toPlace: ToPlace, byAuthEvents: Verdict, before: SnapshotId): Promise<Judgement> {
    const { states } = this.#deps;
    const { event } = toPlace;
    const others = await this.#others(event);
    if (!byAuthEvents.allowed) return { status: 'rejected', verdict: byAuthEvents, isLate: false };
    const byState = await checkByState(states, this.#of.change, event, { snapshot: before, others });
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
    const { change } = this.#of;
    const { snapshot, extremities } = change.head;
    const verdict = await checkByCurrentState(this.#deps.states, event, { change, snapshot, others });
    if (verdict.allowed || !stated) return verdict;
    const together = await this.#of.states.ofExtremities(extremities, [before]);
    return checkByCurrentState(this.#deps.states, event, { change, snapshot: together, others });
  }

  /** What the current state says of the event, the state before it has said. */
  #isSettled({ resets, history }: ToPlace, before: SnapshotId): boolean {
    return before === this.#of.change.head.snapshot || resets === true || history !== undefined;
  }

  async #objection({ event, unwelcome, again }: ToPlace): Promise<string | undefined> {
    return again === true ? this.#deps.policies.objection(this.#of.change.room, event) : unwelcome;
  }

  /** What sticks is news even if its place is in history. Then it has to be allowed now like any other news. */
  async mayStick(event: Event, { isLate }: Pick<Judgement, 'isLate'>): Promise<boolean> {
    if (stickinessOf(event.pdu) === undefined) return true;
    if (isLate) return false;
    const { change } = this.#of;
    const now = { change, snapshot: change.head.snapshot, others: await this.#others(event) };
    return (await checkByCurrentState(this.#deps.states, event, now)).allowed;
  }

  /** What stands in for members that the states do not know, in a room that is known in part. */
  async #others(event: Event): Promise<AuthState | undefined> {
    const { change, known } = this.#of;
    const isPartial = this.#deps.partial.get(change.room.nid) !== undefined;
    return isPartial ? membersByAuthEvents(known, event) : undefined;
  }
}
