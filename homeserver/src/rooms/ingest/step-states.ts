import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import { EMPTY_STATE, type EventNid, type Extremity, type SnapshotId, type StoredEvent } from '../model.ts';
import type { AfterStates } from '../state/after-states.ts';
import type { Resolution } from '../state/resolution.ts';
import type { NextState } from '../state/tries.ts';
import type { Change } from '../write/change.ts';
import type { KnownEvents } from './known-events.ts';

export interface StepStatesDeps {
  readonly afterStates: AfterStates;
  readonly resolution: Resolution;
}

/** States before and after the events of a step, and what several of them make together. Their rows join the step. */
export class StepStates {
  readonly #deps: StepStatesDeps;
  readonly #change: Change;
  readonly #known: KnownEvents;
  /** States after events, to be remembered once the step is durable. */
  readonly after = new Map<EventNid, SnapshotId>();

  constructor(deps: StepStatesDeps, change: Change, known: KnownEvents) {
    this.#deps = deps;
    this.#change = change;
    this.#known = known;
  }

  /** Follows from the states after the prev events; undefined when one of those is not known. */
  async before(event: Event, prevEvents: readonly StoredEvent[]): Promise<SnapshotId | undefined> {
    const { head } = this.#change;
    if (event.prevEvents.length === 0) return EMPTY_STATE;
    if (prevEvents.length < event.prevEvents.length || prevEvents.some(({ snapshot }) => snapshot === undefined)) {
      return undefined;
    }
    if (isSameSet(event.prevEvents, head.extremities)) return head.snapshot;
    return this.#resolve(prevEvents);
  }

  async afterEvent(stored: StoredEvent): Promise<SnapshotId> {
    const known = this.after.get(stored.nid);
    // What was rejected may be judged again in this very step.
    if (known !== undefined && stored.status !== 'rejected') return known;
    const after = this.#add(await this.#deps.afterStates.of(this.#change.room.nid, stored));
    if (stored.status !== 'rejected') this.after.set(stored.nid, after);
    return after;
  }

  /** The state that the room's extremities make together, and `others` with them. */
  async ofExtremities(extremities: readonly Extremity[], others: readonly SnapshotId[] = []): Promise<SnapshotId> {
    const events = await this.#known.load(extremities.map(({ nid }) => nid));
    const stored = extremities.map(({ nid }) => {
      const event = events.get(nid);
      if (!event) throw new Error(`the extremity ${nid} is missing`);
      return event;
    });
    return this.#resolve(stored, others);
  }

  /** The state that several events make together, for one that follows them. */
  following(events: readonly StoredEvent[]): Promise<SnapshotId> {
    return this.#resolve(events);
  }

  /**
   * The state before an event that follows something missing: another server's word, together with what we know of the
   * events that it follows besides.
   */
  async together(stated: NextState, prevEvents: readonly StoredEvent[]): Promise<SnapshotId> {
    const snapshot = this.#add(stated);
    const placed = prevEvents.filter((prev) => prev.snapshot !== undefined);
    return placed.length === 0 ? snapshot : this.#resolve(placed, [snapshot]);
  }

  async #resolve(events: readonly StoredEvent[], others: readonly SnapshotId[] = []): Promise<SnapshotId> {
    const snapshots = [...others];
    for (const event of events) snapshots.push(await this.afterEvent(event));
    return this.#add(await this.#deps.resolution.resolve(snapshots, this.#change));
  }

  #add({ snapshot, rows }: NextState): SnapshotId {
    this.#change.addRows(rows);
    return snapshot;
  }
}

const isSameSet = (ids: readonly EventId[], extremities: readonly Extremity[]): boolean =>
  ids.length === extremities.length && extremities.every(({ eventId }) => ids.includes(eventId));
