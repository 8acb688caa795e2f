import type { EventNid } from './trie-row.ts';

/**
 * A state event's place in its room: given once all its auth events have one, so that a higher ordinal never
 * stands in the auth chain of a lower one.
 */
export type Ordinal = number;

/**
 * Who takes authority from whom in a room, as two typed arrays: the edges of all events one after the other, and
 * where each event's edges begin. Only ever appended to.
 */
export class AuthGraph {
  #nids = new Float64Array(64);
  #starts = new Int32Array(65);
  #edges = new Int32Array(256);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Gives the next ordinal to an event. Its auth events must have theirs. */
  append(nid: EventNid, authEvents: readonly Ordinal[]): Ordinal {
    const ordinal = this.#size;
    const start = this.start(ordinal);
    if (ordinal === this.#nids.length) this.#growEvents();
    if (start + authEvents.length > this.#edges.length) this.#growEdges(authEvents.length);
    for (const [at, authEvent] of authEvents.entries()) {
      if (!(authEvent >= 0 && authEvent < ordinal)) {
        throw new RangeError(`event ${ordinal} of the auth graph cannot follow ${authEvent}`);
      }
      this.#edges[start + at] = authEvent;
    }
    this.#nids[ordinal] = nid;
    this.#starts[ordinal + 1] = start + authEvents.length;
    this.#size += 1;
    return ordinal;
  }

  /** The event that has an ordinal. */
  nid(ordinal: Ordinal): EventNid {
    const nid = ordinal < this.#size ? this.#nids[ordinal] : undefined;
    if (nid === undefined) throw new RangeError(`the auth graph has no event ${ordinal}`);
    return nid;
  }

  authEvents(ordinal: Ordinal): readonly Ordinal[] {
    return [...this.#edges.subarray(this.start(ordinal), this.end(ordinal))];
  }

  // What sweeps read, without allocating.

  /** Where each event's edges begin, and the edges. Not to be kept: they are replaced as the graph grows. */
  get arrays(): { readonly starts: Int32Array; readonly edges: Int32Array } {
    return { starts: this.#starts, edges: this.#edges };
  }

  start(ordinal: Ordinal): number {
    return this.#starts[ordinal] ?? 0;
  }

  end(ordinal: Ordinal): number {
    return this.#starts[ordinal + 1] ?? 0;
  }

  edge(at: number): Ordinal {
    return this.#edges[at] ?? 0;
  }

  #growEvents(): void {
    const nids = new Float64Array(this.#nids.length * 2);
    nids.set(this.#nids);
    this.#nids = nids;
    const starts = new Int32Array(nids.length + 1);
    starts.set(this.#starts);
    this.#starts = starts;
  }

  #growEdges(more: number): void {
    const edges = new Int32Array(this.#edges.length * 2 + more);
    edges.set(this.#edges);
    this.#edges = edges;
  }
}
