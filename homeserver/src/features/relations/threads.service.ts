import type { RoomId } from '@holm/spec/ids';
import { listText, objectText } from '../../core/json/object-text.ts';
import { relationOf } from '../../core/events/content.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Reader } from '../../rooms/relations/bundles.ts';
import { relationsStore as store, type ThreadRow } from '../../rooms/relations/relations.store.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { timelineToken } from '../../streams/tokens.ts';
import type { RelationsDeps } from './relations.service.ts';

export interface ThreadsQuery {
  readonly include?: 'all' | 'participated';
  readonly limit?: number;
  readonly from?: string;
}

interface Stretch {
  readonly include: ThreadsQuery['include'] | undefined;
  /** The newest place that is asked for. */
  readonly start: number;
  readonly limit: number;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
/** Stretches of a room's answers in threads that are looked through for one page, when few of them are wanted. */
const MAX_STRETCHES = 5;

/** The threads of rooms. Answers are JSON text: events are serialised once. */
export class Threads {
  readonly #deps: RelationsDeps;

  constructor(deps: RelationsDeps) {
    this.#deps = deps;
  }

  /** Threads' first events, in the order of their newest ones. M_FORBIDDEN for rooms that the user may not look into. */
  async of(viewer: Viewer, roomId: RoomId, query: ThreadsQuery): Promise<string> {
    const { engine, readers } = this.#deps;
    const access = await engine.access.of(viewer.userId, roomId);
    const reader = await readers.of(viewer, access);
    const limit = Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
    const { from } = query;
    const start = from === undefined ? Number.MAX_SAFE_INTEGER - 1 : await engine.lookup.place(access, from);
    const { roots, next } = await this.#collect(reader, { start, limit, include: query.include });
    return objectText({
      chunk: listText(await engine.presenter.full(reader, roots)),
      next_batch: next === undefined ? undefined : JSON.stringify(timelineToken(next - 1)),
    });
  }

  async #collect(reader: Reader, { include, start, limit }: Stretch) {
    const { db } = this.#deps;
    const { sight, ignored, until = Number.MAX_SAFE_INTEGER } = reader;
    const wanted = {
      room: sight.room.nid,
      until,
      participant: include === 'participated' ? sight.user : undefined,
      ignored: [...ignored],
    };
    const roots: StoredEvent[] = [];
    let next: number | undefined = Math.min(until, start) + 1;
    for (let round = 0; next !== undefined && roots.length < limit && round < MAX_STRETCHES; round++) {
      const { threads, end } = await store.threads(db, { ...wanted, before: next });
      const page = threads.slice(0, limit - roots.length);
      roots.push(...(await this.#rootsOf(reader, page)));
      next = page.length < threads.length ? page.at(-1)?.ord : end;
    }
    return { roots, next };
  }

  async #rootsOf(reader: Reader, threads: readonly ThreadRow[]): Promise<StoredEvent[]> {
    const { events } = this.#deps.engine;
    const { sight, ignored } = reader;
    const stored = await events.byIds(threads.map(({ parent_id: id }) => id));
    const roots = threads
      .flatMap(({ parent_id: id }) => stored.get(id) ?? [])
      .filter(({ roomNid, event }) => roomNid === sight.room.nid && relationOf(event.content) === undefined);
    const seen = await sight.see(roots);
    // Of whom one ignores, there is only that there was something.
    return seen.map((root) => (ignored.has(root.event.sender) ? { ...root, event: redactEvent(root.event) } : root));
  }
}
