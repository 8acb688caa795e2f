import { authorise } from '../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../core/auth/selection.ts';
import type { Background } from '../../platform/background.ts';
import type { Database } from '../../storage/database.ts';
import type { Committed } from '../commit.ts';
import type { RoomEngine } from '../engine.ts';
import type { StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import { authStateOf } from '../state/states.ts';
import { stickyStore } from './sticky.store.ts';

export interface StickyDutiesDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly background: Background;
}

/** What a server owes events that stick, beside showing them. */
export class StickyDuties {
  readonly #deps: StickyDutiesDeps;

  constructor(deps: StickyDutiesDeps) {
    this.#deps = deps;
  }

  /** To be told of every step of a room. */
  committed({ room, hasNewState }: Committed): void {
    const { engine, background } = this.#deps;
    if (!hasNewState) return;
    if (engine.sticky.hidden(room.nid).length > 0) {
      background.run('judge sticky events again', () => engine.queue.run(room.nid, () => this.#judgeAgain(room)));
    }
  }

  /** Forgets what does not stick any more, in memory and in the database. */
  async expire(now: number): Promise<void> {
    this.#deps.engine.sticky.expire();
    await stickyStore.removeExpired(this.#deps.db, now);
  }

  /** "Re-evaluate soft-failure of soft-failed unexpired sticky events when the authorising state changes." */
  async #judgeAgain(room: Room): Promise<void> {
    const { events, sticky, states, policies, serverName } = this.#deps.engine;
    const { head } = room;
    if (!head) return;
    await room.members.load(serverName);
    const hidden = sticky.hidden(room.nid);
    const stored = await events.load(hidden.map(({ nid }) => nid));
    for (const stuck of hidden) {
      const failed = stored.get(stuck.nid);
      if (failed?.status !== 'soft-failed') continue;
      // That a policy server does not want it is as good a reason as that it was not allowed.
      if ((await policies.objection(room, failed.event)) !== undefined) continue;
      const view = await states.view(room, head.snapshot, stateToAuthorise(room.version, failed.event));
      if (authorise(failed.event, authStateOf(view)).allowed) await this.#reveal(room, failed, stuck.expiresAt);
    }
  }

  async #reveal(room: Room, failed: StoredEvent, expiresAt: number): Promise<void> {
    const { db, engine } = this.#deps;
    const { committer, events, roomChanges, sticky } = engine;
    const position = await committer.claim();
    try {
      await stickyStore.reveal(db, failed.nid, position);
      events.remember({ ...failed, status: 'accepted' });
      sticky.add(room.nid, [{ nid: failed.nid, position, expiresAt }]);
      roomChanges.note(room.nid, position);
      committer.wake(position, room.members.loaded?.local ?? []);
    } finally {
      committer.release([position]);
    }
  }
}
