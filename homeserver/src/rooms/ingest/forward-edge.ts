import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Position } from '../../streams/stream.ts';
import { type Extremity, isOfRoom, type SnapshotId, type StoredEvent } from '../model.ts';
import type { Tries } from '../state/tries.ts';
import type { Change } from '../write/change.ts';
import type { KnownEvents } from './known-events.ts';
import type { StepStates } from './step-states.ts';

/** The newest end of a room, as a step moves it on: its extremities, and the current state that follows from them. */
export class ForwardEdge {
  readonly #tries: Tries;
  readonly #change: Change;
  readonly #known: KnownEvents;
  readonly #states: StepStates;

  constructor(
    tries: Tries,
    { change, known, states }: { readonly change: Change; readonly known: KnownEvents; readonly states: StepStates },
  ) {
    this.#tries = tries;
    this.#change = change;
    this.#known = known;
    this.#states = states;
  }

  /** An accepted event becomes an extremity. `resets`: the only one. `isFollowed`: none, for others follow it already. */
  async moveOn(
    stored: StoredEvent,
    position: Position,
    { resets, isFollowed }: { readonly resets: boolean; readonly isFollowed: boolean },
  ): Promise<void> {
    const change = this.#change;
    const { event } = stored;
    const { head } = change;
    const after = await this.#states.afterEvent(stored);
    const left = resets ? [] : await this.#notFollowedBy(event, head.extremities);
    if (isFollowed && left.length === head.extremities.length) return;
    const own: Extremity = { nid: stored.nid, eventId: event.eventId, depth: event.depth };
    const extremities = isFollowed && left.length > 0 ? left : [...left, own];
    change.setExtremities(extremities);
    const current = extremities.length > 1 || isFollowed ? await this.#states.ofExtremities(extremities) : after;
    await this.#setCurrent(current, position);
  }

  async #setCurrent(snapshot: SnapshotId, position: Position): Promise<void> {
    const { head } = this.#change;
    if (snapshot === head.snapshot) return;
    const difference = await this.#tries.diff(head.snapshot, snapshot);
    const events = await this.#known.load(difference.flatMap(([, from, to]) => [from, to]));
    this.#change.setCurrent(
      snapshot,
      position,
      difference.map(([key, from, to]) => [key, events.get(from), events.get(to)]),
    );
  }

  /**
   * The extremities that an event leaves as they are. Those that it follows by way of refused events are none any
   * more: refused events are no extremities themselves and take nobody's place, but what comes after them does.
   */
  async #notFollowedBy(event: Event, extremities: readonly Extremity[]): Promise<Extremity[]> {
    const followed = new Set<EventId>(event.prevEvents);
    let left = extremities.filter(({ eventId }) => !followed.has(eventId));
    for (let wave = event.prevEvents; wave.length > 0 && left.length > 0;) {
      const refused = [...(await this.#known.find(wave)).values()].filter(({ status }) => !isOfRoom(status));
      wave = refused.flatMap((stored) => stored.event.prevEvents).filter((id) => !followed.has(id));
      for (const id of wave) followed.add(id);
      left = left.filter(({ eventId }) => !followed.has(eventId));
    }
    return left;
  }
}
