import type { Ordinal } from './auth-graph.ts';

/** A set of places in a graph of authority: a bit for each. */
export class OrdinalSet {
  #bits = new Uint8Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(ordinal: Ordinal): boolean {
    return ((this.#bits[ordinal >> 3] ?? 0) & (1 << (ordinal & 7))) !== 0;
  }

  add(ordinal: Ordinal): void {
    if (this.has(ordinal)) return;
    const byte = ordinal >> 3;
    if (byte >= this.#bits.length) this.#grow(byte + 1);
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (ordinal & 7));
    this.#size += 1;
  }

  delete(ordinal: Ordinal): void {
    if (!this.has(ordinal)) return;
    this.#bits[ordinal >> 3] = (this.#bits[ordinal >> 3] ?? 0) & ~(1 << (ordinal & 7));
    this.#size -= 1;
  }

  /** The highest member; -1 when there is none. */
  get highest(): Ordinal {
    for (let byte = this.#bits.length - 1; byte >= 0; byte -= 1) {
      const bits = this.#bits[byte] ?? 0;
      if (bits !== 0) return byte * 8 + 31 - Math.clz32(bits);
    }
    return -1;
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(bytes, this.#bits.length * 2));
    larger.set(this.#bits);
    this.#bits = larger;
  }
}
