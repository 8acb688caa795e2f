import type { AuthGraph, Ordinal } from './auth-graph.ts';
import type { OrdinalSet } from './ordinal-set.ts';

export interface AuthDifferenceOptions {
  /** Whether an event counts as part of its own auth chain. The specification says no; Synapse says yes. */
  readonly inclusive: boolean;
  /** Events that are in every set: saves listing them once for each. */
  readonly shared?: readonly Ordinal[];
  /** More such events. Looked at only as far down as the walk goes: what is old and undisputed costs nothing. */
  readonly inAll?: OrdinalSet;
}

/** More sets than this need more than one word of bits each. */
export const MAX_NARROW = 31;

/** What `authDifference` answers, for as many sets as a word has bits: nearly always two. */
export const narrowDifference = (
  graph: AuthGraph,
  sets: readonly (readonly Ordinal[])[],
  options: AuthDifferenceOptions,
): Ordinal[] => {
  const sweep = new NarrowSweep(graph, sets, options);
  for (let ordinal = sweep.highest; ordinal >= 0 && sweep.open > 0; ordinal -= 1) sweep.visit(ordinal);
  return sweep.difference.reverse();
};

const highestOf = (ordinals: readonly Ordinal[]): Ordinal =>
  ordinals.reduce((most, ordinal) => Math.max(most, ordinal), -1);

/** A downward walk, as `Sweep` in `auth-difference.ts`, with one word for each event. */
class NarrowSweep {
  readonly highest: Ordinal;
  readonly difference: Ordinal[] = [];
  /** Events ahead that some sets reach and others do not. */
  open = 0;
  readonly #inclusive: boolean;
  readonly #inAll: OrdinalSet | undefined;
  readonly #full: number;
  /** Which sets have an event in their chains, and which have it themselves. */
  readonly #chains: Int32Array;
  readonly #seeds: Int32Array;
  readonly #starts: Int32Array;
  readonly #edges: Int32Array;

  constructor(
    graph: AuthGraph,
    sets: readonly (readonly Ordinal[])[],
    { inclusive, shared = [], inAll }: AuthDifferenceOptions,
  ) {
    this.#inclusive = inclusive;
    this.#inAll = inAll;
    this.#full = 2 ** sets.length - 1;
    this.highest = Math.max(...sets.map(highestOf), highestOf(shared), inAll?.highest ?? -1);
    this.#chains = new Int32Array(this.highest + 1);
    this.#seeds = new Int32Array(this.highest + 1);
    ({ starts: this.#starts, edges: this.#edges } = graph.arrays);
    for (const [index, set] of sets.entries()) this.#seed(set, 2 ** index);
    this.#seed(shared, this.#full);
    for (const ordinal of new Set(sets.flat())) if (this.#isOpen(0, this.#seeds[ordinal] ?? 0)) this.open += 1;
  }

  visit(ordinal: Ordinal): void {
    const chain = this.#chains[ordinal] ?? 0;
    // Most of a room's history is in every chain, and has nothing more to say.
    const reached = chain === this.#full ? chain : this.#look(ordinal, chain);
    if (reached !== 0) this.#pass(ordinal, reached);
  }

  #seed(set: readonly Ordinal[], mask: number): void {
    for (const ordinal of set) this.#seeds[ordinal] = (this.#seeds[ordinal] ?? 0) | mask;
  }

  /** Who reaches an event that is not in every chain. */
  #look(ordinal: Ordinal, chain: number): number {
    const own = chain | (this.#seeds[ordinal] ?? 0);
    if (this.#isOpen(chain, own)) this.open -= 1;
    const reached = this.#inAll?.has(ordinal) ? this.#full : own;
    if (this.#isPartial(this.#inclusive ? reached : chain)) this.difference.push(ordinal);
    return reached;
  }

  #pass(ordinal: Ordinal, reached: number): void {
    const end = this.#starts[ordinal + 1] ?? 0;
    for (let at = this.#starts[ordinal] ?? 0; at < end; at += 1) {
      const target = this.#edges[at] ?? 0;
      const before = this.#chains[target] ?? 0;
      const after = before | reached;
      if (after !== before) this.#reach(target, before, after);
    }
  }

  #reach(target: Ordinal, before: number, after: number): void {
    this.#chains[target] = after;
    const own = this.#seeds[target] ?? 0;
    this.open += Number(this.#isOpen(after, after | own)) - Number(this.#isOpen(before, before | own));
  }

  #isOpen(chain: number, reached: number): boolean {
    return this.#isPartial(chain) || this.#isPartial(reached);
  }

  #isPartial(mask: number): boolean {
    return mask !== 0 && mask !== this.#full;
  }
}
