import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import { type Banned, membersStore } from '../../rooms/members/members.store.ts';
import type { Room } from '../../rooms/room.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { Database } from '../../storage/database.ts';
import { memberContent, memberDraft } from '../membership/index.ts';

/** How many go into one step of a room: while it is being made, nobody sees anything newer. */
const AT_ONCE = 50;

/** Who is banned from a room that is replaced. */
export class BansOf {
  readonly #engine: RoomEngine;
  readonly #db: Database;

  constructor(engine: RoomEngine, db: Database) {
    this.#engine = engine;
    this.#db = db;
  }

  /** Those that the new room is created with. */
  async first(old: Room, sender: UserId) {
    const banned = await membersStore.banned(this.#db, old.nid, { after: '', limit: AT_ONCE + 1 });
    return {
      isAll: banned.length <= AT_ONCE,
      drafts: await this.#drafts(banned.slice(0, AT_ONCE), sender),
    };
  }

  among(old: Room, users: readonly string[]): Promise<ReadonlySet<string>> {
    return membersStore.bannedOf(this.#db, old.nid, users);
  }

  /** Those who are not banned from the new room yet, step by step. */
  async *missing(old: Room, { nid }: Room, sender: UserId): AsyncGenerator<readonly Draft[]> {
    for (let after = ''; ;) {
      const banned = await membersStore.banned(this.#db, old.nid, { after, limit: AT_ONCE });
      const ids = banned.map(({ userId }) => userId);
      const there = await membersStore.bannedOf(this.#db, nid, ids);
      const missing = banned.filter(({ userId }) => !there.has(userId));
      if (missing.length > 0) yield await this.#drafts(missing, sender);
      if (banned.length < AT_ONCE) return;
      after = banned.at(-1)?.userId ?? after;
    }
  }

  async #drafts(banned: readonly Banned[], sender: UserId): Promise<Draft[]> {
    const events = await this.#engine.events.load(banned.map(({ eventNid }) => eventNid));
    return banned.map(({ userId, eventNid }) => {
      const reason = events.get(eventNid)?.event.content['reason'];
      const content = memberContent('ban', { reason: typeof reason === 'string' ? reason : undefined });
      return memberDraft(sender, userId, content);
    });
  }
}
