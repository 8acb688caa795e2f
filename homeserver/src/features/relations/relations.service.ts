import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId } from '@holm/spec/ids';
import { listText, objectText } from '../../core/json/object-text.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import { MAX_DEPTH, relationsStore as store, type Wanted } from '../../rooms/relations/relations.store.ts';
import type { Reader } from '../../rooms/relations/bundles.ts';
import type { Access } from '../../rooms/timeline/access.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import { timelineToken } from '../../streams/tokens.ts';

export interface RelationsDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly readers: Readers;
}

export interface Parent {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly relType?: string;
  readonly eventType?: string;
}

export interface RelationsQuery {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly dir?: 'b' | 'f';
  readonly recurse?: boolean | undefined;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** What has been said about events. Answers are JSON text: events are serialised once. */
export class Relations {
  readonly #deps: RelationsDeps;

  constructor(deps: RelationsDeps) {
    this.#deps = deps;
  }

  /** A page of an event's children. M_NOT_FOUND for an event that is not there, or not for this user. */
  async of(viewer: Viewer, parent: Parent, query: RelationsQuery): Promise<string> {
    const { engine, readers } = this.#deps;
    assertNames(parent);
    const access = await engine.lookup.accessOrNothing(viewer.userId, parent.roomId);
    const reader = await readers.of(viewer, access);
    // What others say about something that an ignored user said is theirs.
    await engine.lookup.event({ ...reader, ignored: new Set() }, access, parent.eventId);
    const wanted = await this.#wanted(reader, access, { ...parent, ...query });
    const { recurse } = query;
    const { page, hasMore } = await this.#page(wanted, recurse ?? false);
    // A page that has less to show for hidden events goes on like any other.
    const events = await reader.sight.see(page.filter(({ redactedBy }) => redactedBy === undefined));
    const last = hasMore ? page.at(-1)?.ord : undefined;
    const next = last === undefined ? undefined : timelineToken(wanted.direction === 'back' ? last - 1 : last);
    return objectText({
      chunk: listText(await engine.presenter.full(reader, events)),
      next_batch: JSON.stringify(next),
      prev_batch: JSON.stringify(query.from),
      recursion_depth: recurse === undefined ? undefined : String(recurse ? MAX_DEPTH : 1),
    });
  }

  async #wanted(
    { ignored }: Reader,
    access: Access,
    { eventId, relType, eventType, from, to, limit, dir = 'b' }: Parent & RelationsQuery,
  ): Promise<Wanted> {
    const { lookup } = this.#deps.engine;
    const isBack = dir === 'b';
    const newest = Math.min(access.until ?? Infinity, Number.MAX_SAFE_INTEGER);
    const place = async (token: string | undefined, otherwise: number) =>
      token === undefined ? otherwise : lookup.place(access, token);
    const [above, upTo] = isBack ? [to, from] : [from, to];
    return {
      room: access.room.nid,
      parent: eventId,
      relType,
      eventType,
      above: await place(above, Number.MIN_SAFE_INTEGER),
      upTo: Math.min(await place(upTo, newest), newest),
      direction: isBack ? 'back' : 'forward',
      limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT),
      ignored: [...ignored],
    };
  }

  async #page(wanted: Wanted, recurse: boolean): Promise<{ page: StoredEvent[]; hasMore: boolean }> {
    const { db, engine } = this.#deps;
    const read = recurse ? store.descendants : store.children;
    // One more than are shown, to see whether there is more.
    const found = await engine.events.fromRows(await read(db, { ...wanted, limit: wanted.limit + 1 }));
    return { page: found.slice(0, wanted.limit), hasMore: wanted.limit > 0 && found.length > wanted.limit };
  }
}

/** Nothing that holds U+0000 is in any index. */
const assertNames = ({ relType = '', eventType = '' }: Parent): void => {
  if (!`${relType}${eventType}`.includes('\0')) return;
  throw new MatrixError('M_INVALID_PARAM', 'no kind of relation or event is called so');
};
