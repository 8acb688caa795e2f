import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Log } from '../../platform/log.ts';
import type { Events } from '../events.ts';
import type { Room } from '../room.ts';
import type { Admission } from './admission.ts';
import type { RemoteRooms } from './ports.ts';

/** Ancestors asked for at once, and rounds of asking; what is older than that is a gap. */
const ASKED_FOR = 20;
const MAX_ROUNDS = 3;

export interface MissingDeps {
  readonly remote: RemoteRooms;
  readonly admission: Admission;
  readonly events: Events;
  readonly log: Log;
}

/** Fetches what received events refer to. A server that does not answer leaves a gap; it never stops the rest. */
export class Missing {
  readonly #deps: MissingDeps;

  constructor(deps: MissingDeps) {
    this.#deps = deps;
  }

  /** The events with as many of their missing ancestors as the server gives us. */
  async withAncestors(server: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    const all = new Map(events.map((event) => [event.eventId, event]));
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const prevEvents = [...all.values()].flatMap((event) => event.prevEvents);
      const wanted = await this.#missed(room, prevEvents, all);
      if (wanted.length === 0) break;
      const latest = [...all.values()].filter(({ prevEvents }) => prevEvents.some((id) => wanted.includes(id)));
      const earliest = room.head?.extremities.map(({ eventId }) => eventId) ?? [];
      const raw = await this.#ask('missing events', server, () =>
        this.#deps.remote.missingEvents(server, room.roomId, {
          earliest,
          latest: latest.map(({ eventId }) => eventId),
          limit: ASKED_FOR,
        }),
      );
      const { events: found } = await this.#deps.admission.admit(room, raw ?? []);
      if (!(await this.#takeAncestors(room, all, found))) break;
    }
    return [...all.values()];
  }

  /**
   * Takes those of `found` that lead from the events to what is known. The others are no news: a server that does not
   * know our newest events goes on to what was there before we joined, which must not come in as if it were new.
   */
  async #takeAncestors(room: Room, all: Map<EventId, Event>, found: readonly Event[]): Promise<boolean> {
    const byId = new Map(found.map((event) => [event.eventId, event]));
    let wave: readonly Event[] = [...all.values()];
    const before = all.size;
    while (wave.length > 0) {
      const prevEvents = wave.flatMap((event) => event.prevEvents);
      const wanted = await this.#missed(room, prevEvents, all);
      wave = wanted.flatMap((id) => byId.get(id) ?? []);
      for (const event of wave) all.set(event.eventId, event);
    }
    return all.size > before;
  }

  /** What we do not have and may yet come in as new. What events of ours follow already is history: a gap to be filled. */
  async #missed(room: Room, ids: readonly EventId[], among: ReadonlyMap<EventId, Event>): Promise<EventId[]> {
    const unknown = await this.#unknown(ids, among, 'placed');
    const gaps = new Set(unknown.length === 0 ? [] : await this.#deps.events.gapsAt(room.nid, unknown));
    return unknown.filter((id) => !gaps.has(id));
  }

  /** Those of `events` that follow an event which we do not have, even so. */
  async withGaps(events: readonly Event[]): Promise<Event[]> {
    const among = new Map(events.map((event) => [event.eventId, event]));
    const missing = new Set(
      await this.#unknown(
        events.flatMap((event) => event.prevEvents),
        among,
        'placed',
      ),
    );
    return events.filter(({ prevEvents }) => prevEvents.some((id) => missing.has(id)));
  }

  /** The auth events of `events` that are neither stored nor among them, with all that these need in turn. */
  async authEvents(server: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    const given = new Map(events.map((event) => [event.eventId, event]));
    const found = new Map<EventId, Event>();
    for (const event of events) {
      const missing = await this.#unknown(event.authEvents, new Map([...given, ...found]));
      if (missing.length === 0) continue;
      const raw = await this.#ask('auth chain', server, () =>
        this.#deps.remote.authChain(server, room.roomId, event.eventId),
      );
      const { events: chain } = await this.#deps.admission.admit(room, raw ?? []);
      for (const authEvent of chain) found.set(authEvent.eventId, authEvent);
    }
    return [...found.values()];
  }

  /** The state before an event as the server states it; undefined when it does not answer. */
  async stateBefore(server: ServerName, room: Room, event: Event): Promise<StatedState | undefined> {
    const answer = await this.#ask('state', server, () => this.#deps.remote.state(server, room.roomId, event.eventId));
    if (!answer) return undefined;
    const [state, chain] = await Promise.all([
      this.#deps.admission.admit(room, answer.state, { limitReferences: false }),
      this.#deps.admission.admit(room, answer.authChain, { limitReferences: false }),
    ]);
    return { state: state.events, authChain: chain.events };
  }

  /** An ancestor is of use once it has its place in the room; an auth event as soon as it is stored. */
  async #unknown(
    ids: readonly EventId[],
    among: ReadonlyMap<EventId, Event>,
    asked: 'stored' | 'placed' = 'stored',
  ): Promise<EventId[]> {
    const open = [...new Set(ids)].filter((id) => !among.has(id));
    const stored = await this.#deps.events.byIds(open);
    return open.filter((id) => {
      const found = stored.get(id);
      return found === undefined || (asked === 'placed' && found.snapshot === undefined);
    });
  }

  async #ask<T>(what: string, server: ServerName, request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request();
    } catch (err) {
      this.#deps.log.info('another server did not give what was missing', { what, server, err });
      return undefined;
    }
  }
}

export interface StatedState {
  readonly state: readonly Event[];
  readonly authChain: readonly Event[];
}
