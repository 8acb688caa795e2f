import type { RoomId } from '@holm/spec/ids';
import type { PushAction } from '../../core/push/default-rules.ts';
import { listText, objectText } from '../../core/json/object-text.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Member, RoomNid, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import { notificationsToken, parseNotificationsToken } from '../../streams/tokens.ts';
import type { Notifying } from './judge.service.ts';
import { joinedAt } from './tally-starts.service.ts';
import type { UnreadEvents } from './unread.service.ts';
import { unreadStore as store } from './unread.store.ts';
import type { AllUserRules, UserRules } from './user-rules.service.ts';

export interface NotificationsDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly unread: UnreadEvents;
  readonly rules: AllUserRules;
}

export interface NotificationsQuery {
  readonly from?: string | undefined;
  readonly limit?: number | undefined;
  readonly only?: string | undefined;
}

interface Asking {
  readonly viewer: Viewer;
  readonly rules: UserRules;
  readonly rooms: ReadonlyMap<RoomNid, Member>;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
/** Events of each room that are looked at in one round, and rounds for one page. */
const PER_ROOM = 40;
const MAX_ROUNDS = 10;

/** What has notified people: https://spec.matrix.org/latest/client-server-api/#listing-notifications */
export class Notifications {
  readonly #deps: NotificationsDeps;

  constructor(deps: NotificationsDeps) {
    this.#deps = deps;
  }

  /** Newest first, as JSON text. M_INVALID_PARAM for a token that is none. */
  async of(viewer: Viewer, query: NotificationsQuery): Promise<string> {
    const { engine, rules } = this.#deps;
    const before = query.from === undefined ? undefined : parseNotificationsToken(query.from);
    const all = await engine.userRooms.of(viewer.userId);
    const joined = [...all].filter(([, { membership }]) => membership === 'join');
    const asking = { viewer, rules: await rules.of(viewer.userId), rooms: new Map(joined) };
    const limit = Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
    const isWanted = ({ verdict }: Notifying) => query.only !== 'highlight' || verdict.highlight;
    const { found, next } = await this.#collect(asking, { before, limit, isWanted });
    return objectText({
      notifications: listText(await Promise.all(found.map((one) => this.#text(viewer, one)))),
      next_token: next === undefined ? undefined : JSON.stringify(notificationsToken(next)),
    });
  }

  async #collect(
    asking: Asking,
    { before, limit, isWanted }: { before: Position | undefined; limit: number; isWanted: (one: Notifying) => boolean },
  ): Promise<{ found: readonly Notifying[]; next: Position | undefined }> {
    const found: Notifying[] = [];
    let next: Position | undefined = before ?? ((this.#deps.engine.stream.settled + 1) as Position);
    for (let round = 0; next !== undefined && round < MAX_ROUNDS && found.length < limit; round++) {
      const stretch = await this.#stretch(asking, next);
      const wanted = (await this.#notifying(asking, stretch.events)).filter(isWanted);
      const page = wanted.slice(0, limit - found.length);
      found.push(...page);
      next = page.length < wanted.length ? page.at(-1)?.stored.position : stretch.next;
    }
    return { found, next: limit === 0 ? undefined : next };
  }

  /** The newest events before a position, newest first, of which none is missing. */
  async #stretch({ rooms, rules }: Asking, before: Position) {
    const { db, engine } = this.#deps;
    const rows = await store.newest(db, [...rooms.keys()], { before, isPlain: rules.isPlain, limit: PER_ROOM });
    const events = await engine.events.fromRows(rows);
    let end = 0;
    for (const ofRoom of Map.groupBy(events, ({ roomNid }) => roomNid).values()) {
      if (ofRoom.length < PER_ROOM) continue;
      end = Math.max(end, Math.min(...ofRoom.map(({ position = 0 }) => position)));
    }
    const whole = events.filter(({ position = 0 }) => position >= end);
    return {
      events: whole.toSorted((one, other) => (other.position ?? 0) - (one.position ?? 0)),
      next: end === 0 ? undefined : (end as Position),
    };
  }

  async #notifying({ viewer, rules, rooms }: Asking, events: readonly StoredEvent[]): Promise<Notifying[]> {
    const { engine, unread } = this.#deps;
    const byRoom = Map.groupBy(events, ({ roomNid }) => roomNid);
    const known = await engine.rooms.byNids([...byRoom.keys()]);
    const all = await Promise.all(
      [...byRoom].map(async ([nid, ofRoom]) => {
        const [room, member] = [known.get(nid), rooms.get(nid)];
        if (!room || !member || engine.holds.isHidden(room.roomId)) return [];
        const joined = await joinedAt(engine.events, member, Math.min(...ofRoom.map(({ ord = 0 }) => ord)));
        const since = ofRoom.filter(({ ord = 0 }) => ord > joined);
        return unread.judge.notifying({ user: viewer.userId, room, rules }, since);
      }),
    );
    return all.flat().sort((one, other) => (other.stored.position ?? 0) - (one.stored.position ?? 0));
  }

  async #text(viewer: Viewer, { stored, verdict }: Notifying): Promise<string> {
    const { engine, readers, unread } = this.#deps;
    const room = (await engine.rooms.byNid(stored.roomNid)) as Room;
    const reader = await readers.of(viewer, { room });
    const [text = '{}'] = await engine.presenter.short(reader, [stored], true);
    const isUnread = await unread.isUnread(viewer.userId, room, stored.ord ?? 0);
    return objectText({
      ...heading(verdict.actions, room.roomId),
      event: text,
      read: String(!isUnread),
      ts: String(stored.event.sentAt),
    });
  }
}

const heading = (actions: readonly PushAction[], roomId: RoomId) => ({
  actions: JSON.stringify(actions),
  room_id: JSON.stringify(roomId),
});
