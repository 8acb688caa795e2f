import { CHUNK_ENTRIES, encodeEntry } from '../../core/state/auth-graph.ts';
import type { AuthAppend } from '../write/room-write.ts';

/** What one step of a room adds to the graph of authority, packed by chunk. */
export class AuthLedger {
  readonly #chunks = new Map<number, Uint8Array[]>();

  /** `number` is the entry's own; `edges` are those of its auth events. */
  append(entry: { readonly nid: number; readonly edges: readonly number[] }, number: number): void {
    const chunk = Math.floor(number / CHUNK_ENTRIES);
    const parts = this.#chunks.get(chunk) ?? [];
    parts.push(encodeEntry(number, entry));
    this.#chunks.set(chunk, parts);
  }

  appends(): AuthAppend[] {
    return [...this.#chunks].map(([chunk, parts]) => ({ chunk, data: Buffer.concat(parts) }));
  }
}
