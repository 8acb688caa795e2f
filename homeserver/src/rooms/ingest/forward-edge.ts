import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Position } from '../../streams/stream.ts';
import type { Extremity, StoredEvent } from '../model.ts';
import type { NextState, Tries } from '../state/tries.ts';
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
    const after = await this.#states.afterEvent(stored);
    change.addRows(after.rows);
    if (isFollowed) return;
    const left = resets ? [] : await this.#notFollowedBy(event, change.head.extremities);
    const extremities: Extremity[] = [...left, { nid: stored.nid, eventId: event.eventId, depth: event.depth }];
    change.setExtremities(extremities);
    const current = left.length > 0 ? await this.#states.ofExtremities(extremities) : after;
    if (left.length > 0) change.addRows(current.rows);
    await this.#setCurrent(current, position);
  }

  async #setCurrent({ snapshot }: NextState, position: Position): Promise<void> {
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
      const refused = [...(await this.#known.find(wave)).values()].filter(
        ({ status }) => status !== 'accepted' && status !== 'withheld',
      );
      wave = refused.flatMap((stored) => stored.event.prevEvents).filter((id) => !followed.has(id));
      for (const id of wave) followed.add(id);
      left = left.filter(({ eventId }) => !followed.has(eventId));
    }
    return left;
  }
}
