import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { EventNid, Extremity, SnapshotId, StoredEvent } from '../model.ts';
import type { AfterStates } from '../state/after-states.ts';
import type { Resolution } from '../state/resolution.ts';
import type { NextState } from '../state/tries.ts';
import type { Change } from '../write/change.ts';
import type { KnownEvents } from './known-events.ts';

export interface StepStatesDeps {
  readonly afterStates: AfterStates;
  readonly resolution: Resolution;
}

/** States before and after the events of a step, and what several of them make together. */
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
  async before(event: Event, prevEvents: readonly StoredEvent[]): Promise<NextState | undefined> {
    const { head } = this.#change;
    if (event.prevEvents.length === 0) return { snapshot: 0, rows: [] };
    if (prevEvents.length < event.prevEvents.length || prevEvents.some(({ snapshot }) => snapshot === undefined)) {
      return undefined;
    }
    if (isSameSet(event.prevEvents, head.extremities)) return { snapshot: head.snapshot, rows: [] };
    return this.#resolve(prevEvents);
  }

  async afterEvent(stored: StoredEvent): Promise<NextState> {
    const here = this.after.get(stored.nid);
    if (here !== undefined) return { snapshot: here, rows: [] };
    const after = await this.#deps.afterStates.of(this.#change.room.nid, stored);
    this.after.set(stored.nid, after.snapshot);
    return after;
  }

  /** The state that the room's extremities make together. */
  async ofExtremities(extremities: readonly Extremity[]): Promise<NextState> {
    const events = await this.#known.load(extremities.map(({ nid }) => nid));
    const stored = extremities.map(({ nid }) => {
      const event = events.get(nid);
      if (!event) throw new Error(`the extremity ${nid} is missing`);
      return event;
    });
    return this.#resolve(stored);
  }

  async #resolve(events: readonly StoredEvent[]): Promise<NextState> {
    const snapshots: SnapshotId[] = [];
    for (const event of events) {
      const after = await this.afterEvent(event);
      this.#change.addRows(after.rows);
      snapshots.push(after.snapshot);
    }
    return this.#deps.resolution.resolve(snapshots, this.#change);
  }
}

const isSameSet = (ids: readonly EventId[], extremities: readonly Extremity[]): boolean =>
  ids.length === extremities.length && extremities.every(({ eventId }) => ids.includes(eventId));
