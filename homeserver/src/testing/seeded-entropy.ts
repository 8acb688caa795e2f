import { createHash } from 'node:crypto';
import type { Entropy } from '../platform/entropy.ts';

/** The same bytes for the same seed, so that a failing test fails again. */
export const seededEntropy = (seed: string): Entropy => {
  let counter = 0;
  return {
    bytes(length) {
      const blocks: Buffer[] = [];
      for (let have = 0; have < length; have += 32) {
        blocks.push(createHash('sha256').update(`${seed} ${counter++}`).digest());
      }
      return Buffer.concat(blocks).subarray(0, length);
    },
  };
};
