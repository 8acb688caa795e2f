import type { EventId } from '@holm/spec/ids';
import { authorise } from '../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../core/auth/selection.ts';
import { type Event, isState } from '../../core/events/event.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import { inTurns, slices, Turns } from '../../platform/turns.ts';
import type { Position } from '../../streams/stream.ts';
import { checkByState } from '../ingest/checks/5-state-before.ts';
import { KnownEvents } from '../ingest/known-events.ts';
import { byPrevEvents, ordering } from '../ingest/order.ts';
import { StepStates, type StepStatesDeps } from '../ingest/step-states.ts';
import { EMPTY_STATE, type EventNid, type Extremity, isOfRoom, type SnapshotId, type StoredEvent } from '../model.ts';
import type { StateLogs } from '../state/state-log.ts';
import type { Change } from '../write/change.ts';
import type { PlacedJoin } from './partial-rooms.store.ts';
import { RedactionsAgain, type RedactionsAgainDeps, type Undone } from './redactions-again.ts';

export interface ReviewDeps extends StepStatesDeps, RedactionsAgainDeps {
  readonly stateLogs: StateLogs;
}

const EVENTS_AT_ONCE = 200;

/** What has come of a review. */
export interface Reviewed {
  /** Events that are not of the room any more, or shown no more. */
  readonly takenBack: readonly EventNid[];
  /** Those that had been refused before, and still stand so. */
  readonly refused: readonly StoredEvent[];
  readonly undone: readonly Undone[];
}

/** Another look at the events that rest on a join whose state was incomplete. */
export class Review {
  readonly #deps: ReviewDeps;
  readonly #change: Change;
  readonly #known: KnownEvents;
  readonly #states: StepStates;
  readonly #join: { readonly event: PlacedJoin; readonly state: SnapshotId };
  readonly #revised = new Map<EventNid, StoredEvent>();

  constructor(deps: ReviewDeps, change: Change, join: { readonly event: PlacedJoin; readonly state: SnapshotId }) {
    this.#deps = deps;
    this.#change = change;
    this.#known = new KnownEvents(deps.events, change);
    this.#states = new StepStates(deps, change, this.#known);
    this.#join = join;
  }

  async events(nids: readonly EventNid[]): Promise<Reviewed> {
    const stored = new Map<EventId, StoredEvent>();
    for await (const some of slices(nids, EVENTS_AT_ONCE)) {
      for (const event of (await this.#deps.events.load(some)).values()) stored.set(event.event.eventId, event);
    }
    this.#deps.afterStates.forget(nids);
    const all = [...stored.values()].map(({ event }) => event);
    const turns = new Turns();
    for (const { eventId } of await inTurns(ordering(all, byPrevEvents))) {
      if (turns.isOver) await turns.next();
      const event = stored.get(eventId);
      if (event) await this.#review(event);
    }
    const redactions = new RedactionsAgain(this.#deps, this.#change, this.#known);
    await redactions.settle([...this.#revised.values()]);
    const isShown = ({ status, ord }: StoredEvent) => status === 'accepted' && ord !== undefined;
    const before = [...stored.values()];
    return {
      takenBack: before.filter((event) => isShown(event) && !isShown(this.#now(event))).map(({ nid }) => nid),
      refused: before.filter((event) => !isOfRoom(event.status)).map((event) => this.#now(event)),
      undone: redactions.undone,
    };
  }

  /** As all that were looked at are now. */
  revised(): StoredEvent[] {
    return [...this.#revised.values()].map((event) => this.#now(event));
  }

  /** Those that are left, and what is accepted before those that are none any more. */
  async extremities(): Promise<Extremity[]> {
    const followed = new Set<EventId>();
    for (const { event, status } of this.#revised.values()) {
      if (isOfRoom(status)) for (const id of event.prevEvents) followed.add(id);
    }
    const found = new Map<EventId, Extremity>();
    let wave: readonly EventId[] = this.#change.head.extremities.map(({ eventId }) => eventId);
    const seen = new Set(wave);
    while (wave.length > 0) {
      const next: EventId[] = [];
      for (const { nid, event, status } of (await this.#known.find(wave)).values()) {
        if (!isOfRoom(status)) next.push(...event.prevEvents);
        else if (!followed.has(event.eventId)) {
          found.set(event.eventId, { nid, eventId: event.eventId, depth: event.depth });
        }
      }
      // Each once, however many ways lead to it.
      wave = next.filter((id) => !seen.has(id) && seen.add(id));
    }
    return [...found.values()];
  }

  current(): Promise<SnapshotId> {
    return this.#states.ofExtremities(this.#change.head.extremities);
  }

  #now(event: StoredEvent): StoredEvent {
    return this.#change.event(event.nid) ?? event;
  }

  async #review(stored: StoredEvent): Promise<void> {
    const { event } = stored;
    const before = await this.#before(stored);
    const revised: StoredEvent = {
      ...stored,
      snapshot: before,
      replaces: await this.#replaced(event, before),
      ...(await this.#verdict(stored, before)),
    };
    this.#revised.set(stored.nid, revised);
    this.#change.see(revised);
  }

  /** Checks 5 and 6 once more. What fails now is taken back; what had failed stays where it was. */
  async #verdict(stored: StoredEvent, before: SnapshotId): Promise<Partial<StoredEvent>> {
    const { event, status } = stored;
    const takenBack = { ord: undefined, position: undefined };
    const byState = await checkByState(this.#deps.states, this.#change, event, { snapshot: before });
    if (!byState.allowed || status === 'rejected') return { status: 'rejected', ...takenBack };
    if (stored.position === undefined || stored.nid === this.#join.event.nid) return {};
    return (await this.#isAllowedThen(event, stored.position)) ? {} : { status: 'soft-failed', ...takenBack };
  }

  /** By what was current when it came in: what had changed since the join, and for the rest the full state before it. */
  async #isAllowedThen(event: Event, position: Position): Promise<boolean> {
    const { states, stateLogs } = this.#deps;
    const { room } = this.#change;
    const keys = stateToAuthorise(event.version, event);
    const then = await stateLogs.at(room, (position - 1) as Position);
    const [known, base, full] = await Promise.all(
      [then, this.#join.event.snapshot, this.#join.state].map((at) => states.view(room, at, keys, this.#change)),
    );
    return authorise(event, (type, stateKey) => {
      const key = keyString(type, stateKey);
      const now = known?.get(key);
      const isNews = now !== undefined && now.nid !== base?.get(key)?.nid && isOfRoom(now.status);
      return (isNews ? now : full?.get(key))?.event;
    }).allowed;
  }

  /** Follows from its prev events; where some are missing, from another server's word besides, which knows all members. */
  async #before({ event, snapshot = EMPTY_STATE }: StoredEvent): Promise<SnapshotId> {
    if (event.eventId === this.#join.event.event.eventId) return this.#join.state;
    if (event.prevEvents.length === 0) return EMPTY_STATE;
    const prevEvents = await this.#known.find(event.prevEvents);
    const placed = [...prevEvents.values()].filter((prev) => prev.snapshot !== undefined);
    if (placed.length === event.prevEvents.length) return this.#states.following(placed);
    return this.#states.together({ snapshot, rows: [] }, placed);
  }

  async #replaced(event: Event, before: SnapshotId): Promise<EventNid | undefined> {
    if (!isState(event)) return undefined;
    const { states } = this.#deps;
    const view = await states.view(this.#change.room, before, [[event.type, event.stateKey]], this.#change);
    return view.values().next().value?.nid;
  }
}
