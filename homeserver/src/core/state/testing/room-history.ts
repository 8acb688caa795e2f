/**
 * Rooms as they might be: a history that forks and merges, made of what people attempt, some of it citing an old state as
 * its authority. Everything follows from the dice. Cheap: no signatures, no hashes, ids that are made up.
 */
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import { stateOf } from '../../auth/auth-events.ts';
import type { AuthState } from '../../auth/auth-state.ts';
import { authorise } from '../../auth/authorise.ts';
import { stateToAuthorise } from '../../auth/selection.ts';
import type { Event, Pdu } from '../../events/event.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import { stateKey } from '../state-key.ts';
import type { Attempt, RoomView } from './attempts.ts';
import { beginning, draftAttempt, favouriteKinds } from './attempts.ts';
import type { Dice } from './dice.ts';
import type { RoomState } from './state-sets.ts';

export interface HistoryOptions {
  readonly version: RoomVersion;
  readonly dice: Dice;
  /** The state that several states make together. */
  readonly resolve: (states: readonly RoomState[]) => RoomState;
  /** Told of every event before it is part of any state; `before` is the state before it. */
  readonly placed?: (placed: Placed) => void;
}

/** An event and where it stands. */
export interface Placed {
  readonly event: Event;
  readonly before: RoomState;
  readonly after: RoomState;
  /** Allowed by its own auth events, but not by the state before it: it changes nothing. */
  readonly rejected: boolean;
}

const IDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PDU = {} as Pdu;

export class RoomHistory {
  readonly events = new Map<EventId, Event>();
  readonly placed: Placed[] = [];
  readonly #options: HistoryOptions;
  readonly #dice: Dice;
  readonly #kinds: ReturnType<typeof favouriteKinds>;
  /** How often somebody takes their authority from another state than the one before the event. */
  readonly #staleness: number;
  #heads: Placed[] = [];
  #now = 10;
  #roomId = '!room:a.test';

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#dice = options.dice;
    this.#kinds = favouriteKinds(options.dice);
    this.#staleness = this.#dice.chance(0.5) ? 0.25 : 0;
    for (const attempt of beginning(options.version, this.#dice)) this.#place(attempt, this.#heads.slice(-1));
  }

  /** Lets people do something that is possible, at a place of the history that the dice choose. */
  continue(): void {
    const parents = this.#parents();
    const states = [...new Set(parents.map(({ after }) => after))];
    const [only = new Map() as RoomState] = states;
    const before = states.length > 1 ? this.#options.resolve(states) : only;
    for (let tries = 0; tries < 4; tries += 1) {
      const attempt = draftAttempt(this.#view(before), this.#dice, this.#dice.pick(this.#kinds));
      if (this.#place(attempt, parents, before)) return;
    }
  }

  /** Some of the room's states, old and new. */
  someStates(count: number): RoomState[] {
    const recent = this.#dice.chance(0.5) ? this.placed.slice(-10) : this.placed;
    return this.#dice.some([...new Set(recent.map(({ after }) => after))], count);
  }

  #parents(): Placed[] {
    const dice = this.#dice;
    const roll = dice.roll();
    if (roll < 0.5) return [dice.pick(this.#heads)];
    if (roll < 0.72) return [dice.pick(dice.chance(0.8) ? this.placed.slice(-8) : this.placed)];
    const count = 2 + dice.below(dice.chance(0.7) ? 1 : 4);
    const heads = dice.some(this.#heads, count);
    return [...new Set([...heads, ...dice.some(this.placed.slice(-12), count - heads.length)])];
  }

  #view(state: RoomState): RoomView {
    return { version: this.#options.version, state: this.#lookup(state) };
  }

  #lookup(state: RoomState): AuthState {
    return (type, key) => {
      const id = state.get(stateKey(type, key));
      return id === undefined ? undefined : this.events.get(id);
    };
  }

  /** False, and nothing has changed, if nobody would keep the event. */
  #place(attempt: Attempt, parents: readonly Placed[], before: RoomState = parents[0]?.after ?? new Map()): boolean {
    const event = this.#event(attempt, parents, this.#authority(attempt, before));
    if (!authorise(event, stateOf(this.#authEvents(event))).allowed) return false;
    const rejected = !authorise(event, this.#lookup(before)).allowed;
    const key = event.stateKey === undefined ? undefined : stateKey(event.type, event.stateKey);
    const after = rejected || key === undefined ? before : new Map([...before, [key, event.eventId]]);
    const placed: Placed = { event, before, after, rejected };
    this.events.set(event.eventId, event);
    this.#options.placed?.(placed);
    this.placed.push(placed);
    this.#heads = [...this.#heads.filter((head) => !parents.includes(head)), placed];
    return true;
  }

  /** The state that an event names its auth events from: usually, but not always, the one before it. */
  #authority({ type }: Attempt, before: RoomState): RoomState {
    if (type === 'm.room.create' || this.placed.length < 4 || !this.#dice.chance(this.#staleness)) return before;
    return this.#dice.pick(this.placed).after;
  }

  #authEvents(event: Event): Event[] {
    return event.authEvents.map((id) => this.events.get(id)).filter((one) => one !== undefined);
  }

  #event(attempt: Attempt, parents: readonly Placed[], authority: RoomState): Event {
    const { version } = this.#options;
    const state = this.#lookup(authority);
    const authEvents = stateToAuthorise(version, attempt).flatMap(([type, key]) => state(type, key)?.eventId ?? []);
    const eventId = this.#newId(attempt);
    if (attempt.type === 'm.room.create' && version.roomIds === 'create hash') this.#roomId = `!${eventId.slice(1)}`;
    const depth = Math.max(0, ...parents.map((parent) => parent.event.depth)) + 1;
    return {
      ...attempt,
      eventId,
      roomId: this.#roomId as RoomId,
      version,
      pdu: PDU,
      sender: attempt.sender as UserId,
      // Nobody can check what a server says of time and depth.
      depth: this.#dice.chance(0.1) ? 1 + this.#dice.below(depth + 5) : depth,
      sentAt: this.#time(),
      prevEvents: parents.map((parent) => parent.event.eventId),
      authEvents: this.#dice.chance(0.3) ? authEvents.toReversed() : authEvents,
      redacts: undefined,
    };
  }

  /** Times repeat and go backwards, so that event ids have to decide too. */
  #time(): number {
    this.#now += this.#dice.below(2);
    return this.#dice.chance(0.15) ? this.#now - this.#dice.below(8) : this.#now;
  }

  /** Event ids whose order says nothing about when the events were made. */
  #newId({ sender }: Attempt): EventId {
    const name = Array.from({ length: 6 }, () => IDS.charAt(this.#dice.below(IDS.length))).join('');
    const server = this.#options.version.eventIds === 'supplied' ? sender.slice(sender.indexOf(':')) : '';
    return `$${name}${this.events.size.toString(36)}${server}` as EventId;
  }
}
