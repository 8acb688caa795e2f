import { createHash } from 'node:crypto';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { compileFilter, type Filter, type FilterDefinition } from '../../core/filters/filter.ts';
import type { Soon } from '../../platform/soon.ts';
import type { Database } from '../../storage/database.ts';
import { filtersStore as store } from './filters.store.ts';
import { parseInlineFilter } from './inline-filter.ts';

/** Far more than clients make; it keeps one account from filling the table. */
const MAX_PER_USER = 1000;
/** Characters of JSON, about, over all filters that are kept compiled. */
const CACHE_SIZE = 10_000_000;
const EVERYTHING = compileFilter();

/** What clients want to see of a sync, kept so that they need not say it each time. */
export class Filters {
  readonly #db: Database;
  /** A filter never changes, so what was compiled once is good for ever. */
  readonly #compiled = new LRUCache<string, Filter>({ maxSize: CACHE_SIZE });

  constructor(db: Database) {
    this.#db = db;
  }

  /** The id of a filter of this content; the same content has the same id. `definition` has been checked. */
  async define(userId: UserId, definition: object): Promise<string> {
    const text = JSON.stringify(definition);
    const hash = createHash('sha256').update(text).digest();
    const existing = await store.byHash(this.#db, userId, hash);
    if (existing !== undefined) return String(existing);
    if ((await store.count(this.#db, userId)) >= MAX_PER_USER) {
      throw new MatrixError('M_FORBIDDEN', `an account may keep ${MAX_PER_USER} filters`);
    }
    const id = (await store.put(this.#db, userId, hash, text)) ?? (await store.byHash(this.#db, userId, hash));
    return String(id);
  }

  /** As it was stored. M_NOT_FOUND for any that this user did not define. */
  async get(userId: UserId, filterId: string): Promise<FilterDefinition> {
    const found = /^\d{1,15}$/.test(filterId) ? await store.get(this.#db, userId, Number(filterId)) : undefined;
    if (!found) throw new MatrixError('M_NOT_FOUND', 'there is no such filter');
    return found;
  }

  /** What the `filter` parameter of a request means: nothing, an id, or a filter written out. */
  resolve(userId: UserId, filter: string | undefined): Soon<Filter> {
    if (filter === undefined || filter === '') return EVERYTHING;
    const key = filter.startsWith('{') ? filter : `${userId} ${filter}`;
    return this.#compiled.get(key) ?? this.#compile(userId, filter, key);
  }

  async #compile(userId: UserId, filter: string, key: string): Promise<Filter> {
    const definition = filter.startsWith('{') ? parseInlineFilter(filter) : await this.get(userId, filter);
    const text = JSON.stringify(definition);
    // One object for all filters of one content: what is computed for a filter serves everybody who uses the like.
    const compiled = this.#compiled.get(text) ?? compileFilter(definition);
    this.#compiled.set(text, compiled, { size: 2 * text.length });
    if (key !== text) this.#compiled.set(key, compiled, { size: key.length });
    return compiled;
  }
}
