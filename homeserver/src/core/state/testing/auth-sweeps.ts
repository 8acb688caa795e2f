import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../events/event.ts';
import { authDifference, wideDifference } from '../auth-difference.ts';
import { AuthGraph, type Ordinal } from '../auth-graph.ts';
import { authChain, conflictedSubgraph } from '../auth-sweep.ts';
import { OrdinalSet } from '../ordinal-set.ts';
import type { StateKeyString } from '../state-key.ts';
import { Chains } from './chains-oracle.ts';
import { expectSame } from './mismatch.ts';
import type { RoomState } from './state-sets.ts';

/** A room's graph of authority, and the same questions answered from it and by definition. */
export class AuthSweeps {
  readonly #graph = new AuthGraph();
  readonly #events = new Map<EventId, Event>();
  readonly #ordinals = new Map<EventId, Ordinal>();
  readonly #ids: EventId[] = [];
  readonly chains = new Chains(this.#events);

  append(event: Event): void {
    this.#ordinals.set(event.eventId, this.#graph.append(this.#ids.length + 1, this.#ordinalsOf(event.authEvents)));
    this.#ids.push(event.eventId);
    this.#events.set(event.eventId, event);
  }

  /** Differences of both readings and the subgraph, each of them compared with its definition. */
  compare(states: readonly RoomState[], conflicted: ReadonlyMap<StateKeyString, readonly EventId[]>) {
    const own = states.map((state) => this.#ordinalsOf([...conflicted.keys()].flatMap((key) => state.get(key) ?? [])));
    const shared = this.#ordinalsOf([...(states[0] ?? [])].filter(([key]) => !conflicted.has(key)).map(([, id]) => id));
    const literal = this.#everyWay({ inclusive: false }, own, shared);
    this.#expect('literal auth difference', literal, this.chains.difference(states, { inclusive: false }));
    const conflictedIds = new Set([...conflicted.values()].flat());
    const inclusive = this.#inclusive(own, shared);
    // Conflicted events are in the full conflicted set anyway, so that the server need not know whether they differ.
    this.#expect(
      'inclusive auth difference',
      [...new Set([...inclusive, ...own.flat()])].sort((a, b) => a - b),
      new Set([...conflictedIds, ...this.chains.difference(states, { inclusive: true })]),
    );
    const all = own.flat();
    const subgraph = conflictedSubgraph(this.#graph, all);
    // The sweep counts every conflicted event as a path of its own.
    const expected = new Set([...conflictedIds, ...this.chains.subgraph(conflictedIds)]);
    this.#expect('conflicted subgraph', subgraph, expected);
    this.#expect('auth chain', authChain(this.#graph, all), this.chains.ofAll(conflictedIds));
    const names = (ordinals: readonly Ordinal[]): EventId[] =>
      ordinals.map((ordinal) => this.#ids[this.#graph.nid(ordinal) - 1]).filter((id) => id !== undefined);
    const known = new Set([...inclusive, ...all]);
    return {
      literal: names(literal),
      inclusive: names(inclusive),
      subgraph: names(subgraph),
      /** Whether the two differences make different full conflicted sets. The inclusive one is never larger. */
      readingMatters: literal.some((ordinal) => !known.has(ordinal)),
    };
  }

  /** In two goes, as the server does: with the conflicted events alone, and only if need be with the whole state. */
  #inclusive(own: readonly (readonly Ordinal[])[], shared: readonly Ordinal[]): readonly Ordinal[] {
    const rough = authDifference(this.#graph, own, { inclusive: true });
    const conflicted = new Set(own.flat());
    const whole = this.#everyWay({ inclusive: true }, own, shared);
    return rough.every((ordinal) => conflicted.has(ordinal)) ? rough : whole;
  }

  /** Both walks, with what the states share as a list and as a set. */
  #everyWay(
    reading: { readonly inclusive: boolean },
    own: readonly (readonly Ordinal[])[],
    shared: readonly Ordinal[],
  ): readonly Ordinal[] {
    const inAll = new OrdinalSet();
    for (const ordinal of shared) inAll.add(ordinal);
    const difference = authDifference(this.#graph, own, { ...reading, inAll });
    for (const walk of [authDifference, wideDifference]) {
      expectSame('difference, shared as a list', walk(this.#graph, own, { ...reading, shared }), difference);
      expectSame('difference, shared as a set', walk(this.#graph, own, { ...reading, inAll }), difference);
    }
    return difference;
  }

  #ordinalsOf(ids: readonly EventId[]): Ordinal[] {
    return ids.map((id) => {
      const ordinal = this.#ordinals.get(id);
      if (ordinal === undefined) throw new Error(`${id} has no ordinal`);
      return ordinal;
    });
  }

  #expect(what: string, ordinals: readonly Ordinal[], expected: ReadonlySet<EventId>): void {
    expectSame(
      what,
      ordinals,
      this.#ordinalsOf([...expected]).sort((a, b) => a - b),
    );
  }
}
