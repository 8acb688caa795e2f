import type { Events } from '../events.ts';
import type { StoredEvent } from '../model.ts';
import type { Bundles, Reader, Relations } from '../relations/bundles.ts';
import type { ClientEvents, DressOf } from './client-events.ts';

/** Writes events for one reader: with what they were in the room, what they may know of the state before, and what others say about it. */
export class Presenter {
  readonly #events: Events;
  readonly #clientEvents: ClientEvents;
  readonly #bundles: Bundles;

  constructor(events: Events, clientEvents: ClientEvents, bundles: Bundles) {
    this.#events = events;
    this.#clientEvents = clientEvents;
    this.#bundles = bundles;
  }

  /** With the room's id in each, and with what is said about them. */
  async full(reader: Reader, events: readonly StoredEvent[]): Promise<string[]> {
    const write = this.#writer(reader, 'full');
    return write(events, await this.#bundles.of(reader, events, write));
  }

  /** For where the room is named already. What is said about the events is told if it is asked for. */
  async short(reader: Reader, events: readonly StoredEvent[], withRelations: boolean): Promise<string[]> {
    const write = this.#writer(reader, 'texts');
    return write(events, withRelations ? await this.#bundles.of(reader, events, write) : new Map());
  }

  /** What others say about events, for where the room is named already. */
  relationsOf(reader: Reader, events: readonly StoredEvent[]): Promise<Relations> {
    return this.#bundles.of(reader, events, this.#writer(reader, 'texts'));
  }

  #writer(reader: Reader, form: 'full' | 'texts') {
    return async (events: readonly StoredEvent[], relations: Relations): Promise<string[]> => {
      if (events.length === 0) return [];
      const dressOf = await this.#dressesOf(reader, events, relations);
      return this.#clientEvents[form](events, reader.viewer, dressOf);
    };
  }

  async #dressesOf({ sight }: Reader, events: readonly StoredEvent[], relations: Relations): Promise<DressOf> {
    const memberships = await sight.memberships(events);
    const byNid = new Map(events.map(({ nid }, i) => [nid, memberships[i]]));
    const replaced = await this.#events.load(events.flatMap(({ replaces }) => replaces ?? []));
    const seen = new Set(await sight.see([...replaced.values()]));
    return ({ nid, replaces }) => {
      const before = replaces === undefined ? undefined : replaced.get(replaces);
      // State from before this server came into the room has no place there; its members know it.
      const isKnown = before !== undefined && before.snapshot === undefined && byNid.get(nid) === 'join';
      return {
        previous: before !== undefined && (seen.has(before) || isKnown),
        membership: byNid.get(nid),
        relations: relations.get(nid),
      };
    };
  }
}
