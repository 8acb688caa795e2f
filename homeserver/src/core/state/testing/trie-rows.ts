import { decide } from '../../needs.ts';
import type { TrieQuestion } from '../trie-nodes.ts';
import type { EventNid, KeyNumber, Root, Row, RowId } from '../trie-row.ts';
import { decodeRow } from '../trie-row.ts';
import { update } from '../trie-update.ts';
import type { Dice } from './dice.ts';

/** Rows of tries in memory, each written to bytes and read back once, as the database and its cache would. */
export class TrieRows {
  readonly #rows = new Map<RowId, Row>();
  readonly #newId: () => RowId;

  /** Row ids ascend, but in some rooms they come from blocks that several writers take turns to use. */
  constructor(dice: Dice) {
    const blocks = Array.from({ length: dice.chance(0.3) ? 3 : 1 }, (_, n) => 1 + n * 100_000);
    this.#newId = () => {
      const block = blocks.length === 1 ? 0 : dice.below(blocks.length);
      const id = blocks[block] ?? 0;
      blocks[block] = id + 1;
      return id;
    };
  }

  ask<Result>(question: TrieQuestion<Result>): Result {
    return decide(question, (id) => this.row(id));
  }

  row(id: RowId): Row | undefined {
    return this.#rows.get(id);
  }

  update(root: Root, changes: ReadonlyMap<KeyNumber, EventNid>): Root {
    const updated = this.ask(update(root, changes, this.#newId));
    for (const row of updated.rows) this.#rows.set(row.id, decodeRow(row));
    return updated.root;
  }
}
