import type { AuthGraph, Ordinal } from './auth-graph.ts';
import { type AuthDifferenceOptions, MAX_NARROW, narrowDifference } from './narrow-difference.ts';
import type { OrdinalSet } from './ordinal-set.ts';

/**
 * The events that are in the auth chains of some state sets but not of all, ascending.
 * https://spec.matrix.org/latest/rooms/v2/#definitions
 *
 * Shared events can only make the result smaller: they put their chains into every set. So ask for the conflicted
 * events alone first; only if that finds something is it worth reading the whole state.
 */
export const authDifference = (
  graph: AuthGraph,
  sets: readonly (readonly Ordinal[])[],
  options: AuthDifferenceOptions,
): Ordinal[] =>
  sets.length <= MAX_NARROW ? narrowDifference(graph, sets, options) : wideDifference(graph, sets, options);

/** The same for any number of sets. */
export const wideDifference = (
  graph: AuthGraph,
  sets: readonly (readonly Ordinal[])[],
  { inclusive, shared = [], inAll }: AuthDifferenceOptions,
): Ordinal[] => {
  const sweep = new Sweep(graph, sets, { shared, inAll });
  const difference: Ordinal[] = [];
  for (let ordinal = sweep.top; ordinal >= 0 && sweep.open > 0; ordinal -= 1) {
    if (inAll?.has(ordinal)) sweep.share(ordinal);
    else if (!sweep.isReached(ordinal)) continue;
    if (sweep.isPartial(ordinal, inclusive)) difference.push(ordinal);
    sweep.pass(ordinal);
  }
  return difference.reverse();
};

/**
 * The state of a downward walk: for each event the sets that have it in their chains, and those that have it
 * themselves, a bit a set, 32 sets a word.
 */
class Sweep {
  readonly top: Ordinal;
  /** Events ahead that some sets reach and others do not. Without any, whatever is below is in every chain or in none. */
  open = 0;
  readonly #graph: AuthGraph;
  readonly #words: number;
  readonly #full: Uint32Array;
  readonly #chains: Uint32Array;
  readonly #seeds: Uint32Array;

  constructor(
    graph: AuthGraph,
    sets: readonly (readonly Ordinal[])[],
    { shared, inAll }: { readonly shared: readonly Ordinal[]; readonly inAll: OrdinalSet | undefined },
  ) {
    this.#graph = graph;
    this.#words = Math.ceil(sets.length / 32);
    const top = [...sets, shared].reduce((most, set) => set.reduce((least, one) => Math.max(least, one), most), -1);
    this.top = Math.max(top, inAll?.highest ?? -1);
    this.#full = new Uint32Array(this.#words);
    this.#chains = new Uint32Array((this.top + 1) * this.#words);
    this.#seeds = new Uint32Array((this.top + 1) * this.#words);
    for (const [index, set] of sets.entries()) this.#seed(index, set);
    for (const ordinal of shared) this.#seeds.set(this.#full, ordinal * this.#words);
    for (const ordinal of new Set(sets.flat())) if (this.#isOpen(ordinal)) this.open += 1;
  }

  /** Puts an event into every set. */
  share(ordinal: Ordinal): void {
    const wasOpen = this.#isOpen(ordinal);
    this.#seeds.set(this.#full, ordinal * this.#words);
    this.open += Number(this.#isOpen(ordinal)) - Number(wasOpen);
  }

  isReached(ordinal: Ordinal): boolean {
    for (let word = 0; word < this.#words; word += 1) if (this.#mask(ordinal, word, true) !== 0) return true;
    return false;
  }

  /** Whether some sets but not all have the event in their chains (or, inclusively, as an event of theirs). */
  isPartial(ordinal: Ordinal, inclusive: boolean): boolean {
    let any = false;
    let all = true;
    for (let word = 0; word < this.#words; word += 1) {
      const mask = this.#mask(ordinal, word, inclusive);
      any ||= mask !== 0;
      all &&= mask === this.#full[word];
    }
    return any && !all;
  }

  /** Hands on to an event's auth events who reaches it. */
  pass(ordinal: Ordinal): void {
    if (this.#isOpen(ordinal)) this.open -= 1;
    for (let at = this.#graph.start(ordinal); at < this.#graph.end(ordinal); at += 1) {
      this.#reach(this.#graph.edge(at), ordinal);
    }
  }

  #reach(target: Ordinal, from: Ordinal): void {
    const wasOpen = this.#isOpen(target);
    for (let word = 0; word < this.#words; word += 1) {
      const at = target * this.#words + word;
      this.#chains[at] = (this.#chains[at] ?? 0) | this.#mask(from, word, true);
    }
    this.open += Number(this.#isOpen(target)) - Number(wasOpen);
  }

  #isOpen(ordinal: Ordinal): boolean {
    return this.isPartial(ordinal, false) || this.isPartial(ordinal, true);
  }

  #mask(ordinal: Ordinal, word: number, withSeeds: boolean): number {
    const at = ordinal * this.#words + word;
    const chain = this.#chains[at] ?? 0;
    return withSeeds ? (chain | (this.#seeds[at] ?? 0)) >>> 0 : chain;
  }

  #seed(index: number, set: readonly Ordinal[]): void {
    const word = Math.floor(index / 32);
    const bit = 2 ** (index % 32);
    this.#full[word] = (this.#full[word] ?? 0) | bit;
    for (const ordinal of set) {
      const at = ordinal * this.#words + word;
      this.#seeds[at] = (this.#seeds[at] ?? 0) | bit;
    }
  }
}
