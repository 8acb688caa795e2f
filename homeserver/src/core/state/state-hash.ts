import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { EventNid, KeyNumber } from './trie-row.ts';

/**
 * A state's fingerprint: the sum, modulo 2^128, of a keyed hash of each of its entries. The order of changes does
 * not matter and a change costs one hash, so that states reached on different ways are found to be the same.
 * The key keeps others from constructing two states with one hash, which plain sums and XORs of hashes allow.
 */
export type StateHash = bigint;

export const EMPTY_STATE_HASH: StateHash = 0n;

const BITS = 128;
const BYTES = BITS / 8;

export class StateHasher {
  readonly #secret: KeyObject;

  constructor(secret: Uint8Array) {
    this.#secret = createSecretKey(secret);
  }

  hashOf(entries: Iterable<readonly [KeyNumber, EventNid]>): StateHash {
    let hash = EMPTY_STATE_HASH;
    for (const [key, event] of entries) hash = this.add(hash, key, event);
    return hash;
  }

  /** The hash with an entry more. The event 0, which is none, changes nothing. */
  add(hash: StateHash, key: KeyNumber, event: EventNid): StateHash {
    return event === 0 ? hash : BigInt.asUintN(BITS, hash + this.#term(key, event));
  }

  /** The hash with an entry less. */
  remove(hash: StateHash, key: KeyNumber, event: EventNid): StateHash {
    return event === 0 ? hash : BigInt.asUintN(BITS, hash - this.#term(key, event));
  }

  #term(key: KeyNumber, event: EventNid): bigint {
    const entry = Buffer.alloc(16);
    entry.writeBigUInt64BE(BigInt(key), 0);
    entry.writeBigUInt64BE(BigInt(event), 8);
    return BigInt(`0x${createHmac('sha256', this.#secret).update(entry).digest('hex')}`);
  }
}

/** How the database keeps it: four bytes as a number, by which it is found, and the rest. */
export interface StoredHash {
  readonly head: number;
  readonly rest: Buffer;
}

export const toStoredHash = (hash: StateHash): StoredHash => {
  const bytes = Buffer.from(hash.toString(16).padStart(BYTES * 2, '0'), 'hex');
  return { head: bytes.readInt32BE(0), rest: bytes.subarray(4) };
};

export const fromStoredHash = ({ head, rest }: StoredHash): StateHash => {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeInt32BE(head);
  rest.copy(bytes, 4);
  return BigInt(`0x${bytes.toString('hex')}`);
};
