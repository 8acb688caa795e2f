import type { AuthAppend } from '../write/room-write.ts';
import { type AuthEntry, chunkOf, encodeEntry } from '../../core/state/auth-graph-chunk.ts';

/** What one step of a room adds to the graph of authority, packed by chunk. */
export class AuthLedger {
  readonly entries: AuthEntry[] = [];
  readonly #chunks = new Map<number, Uint8Array[]>();

  append(entry: AuthEntry): void {
    this.entries.push(entry);
    const chunk = chunkOf(entry.ordinal);
    const parts = this.#chunks.get(chunk) ?? [];
    parts.push(encodeEntry(entry));
    this.#chunks.set(chunk, parts);
  }

  appends(): AuthAppend[] {
    return [...this.#chunks].map(([chunk, parts]) => ({ chunk, data: Buffer.concat(parts) }));
  }
}
