import { createHash } from 'node:crypto';

/** The same choices for the same seed. */
export class Dice {
  readonly #seed: string;
  #rolls = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  below(limit: number): number {
    const hash = createHash('sha256').update(`${this.#seed} ${this.#rolls++}`).digest();
    return hash.readUInt32BE() % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
