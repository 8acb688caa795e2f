import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { queryPublicRooms } from '@holm/spec/server-server/public-rooms';
import { LRUCache } from 'lru-cache';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Clock } from '../../platform/clock.ts';
import { listingOf, readSummary } from '../room-summaries/index.ts';
import type { RoomsPage, RoomsQuery } from './public-rooms.service.ts';

const MAX_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
/** Page after page, or word after word: people look at the same part of a directory again. */
const REMEMBERED_MS = 60_000;
const CACHE_BYTES = 16 * 1024 * 1024;
const ENTRY_BYTES = 1_000;

interface Remembered {
  readonly page: RoomsPage;
  readonly at: number;
}

/** What other servers publish. */
export class FederatedDirectory {
  readonly #client: Pick<FederationClient, 'call'>;
  readonly #clock: Clock;
  readonly #cache = new LRUCache<string, Remembered>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ page }) => ENTRY_BYTES * (1 + page.chunk.length),
  });

  constructor(client: Pick<FederationClient, 'call'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async list(server: ServerName, query: RoomsQuery): Promise<RoomsPage> {
    const key = JSON.stringify([server, query]);
    const known = this.#cache.get(key);
    if (known && this.#clock.now() - known.at < REMEMBERED_MS) return known.page;
    const page = await this.#ask(server, query);
    this.#cache.set(key, { page, at: this.#clock.now() });
    return page;
  }

  async #ask(server: ServerName, { filter, ...query }: RoomsQuery): Promise<RoomsPage> {
    try {
      // Anybody can make us ask any name: that it cannot be reached must not cost its rooms anything.
      const call = { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, ignoreBackOff: true, unrecorded: true };
      const body = { ...query, ...(filter && { filter: filterOf(filter) }) };
      assertCanonical(body);
      const { chunk, ...rest } = await this.#client.call(server, queryPublicRooms, { ...call, body });
      return { ...rest, chunk: chunk.flatMap((raw) => readSummary(raw) ?? []).map(listingOf) };
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (error.failure === 'forbidden') {
        throw new MatrixError('M_FORBIDDEN', `this server does not talk to ${server}`, { cause: error });
      }
      if (error.status === 403 || error.status === 401) {
        throw new MatrixError('M_FORBIDDEN', `${server} does not show its rooms to this server`, { cause: error });
      }
      if (error.status === 400) {
        throw new MatrixError('M_INVALID_PARAM', `${server} does not understand the request`, { cause: error });
      }
      throw new MatrixError('M_UNKNOWN', `${server} does not answer`, { status: 502, cause: error });
    }
  }
}

const filterOf = ({ generic_search_term, room_types: types }: NonNullable<RoomsQuery['filter']>) => ({
  ...(generic_search_term !== undefined && { generic_search_term }),
  ...(types && { room_types: [...types] }),
});
