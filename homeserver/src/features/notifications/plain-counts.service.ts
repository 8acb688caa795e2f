import type { Database } from '../../storage/database.ts';
import { MAIN } from './backlog.ts';
import type { Occasions } from './occasions.service.ts';
import type { Tally } from './tally.service.ts';
import { type PlainMessages, type PlainStretch, unreadStore as store } from './unread.store.ts';

export interface PlainCountsDeps {
  readonly db: Database;
  readonly occasions: Occasions;
  /** So many events are looked at one by one. */
  readonly few: number;
}

/**
 * Counts what most of a long stretch of a timeline is made of, without reading it: messages that notify by the rules that everybody begins
 * with, and nothing more. Who comes back after weeks need not have thousands of events read for them.
 */
export class PlainCounts {
  readonly #deps: PlainCountsDeps;

  constructor(deps: PlainCountsDeps) {
    this.#deps = deps;
  }

  /** What has been counted, and need not be looked at; nothing where all is to be looked at. */
  async count(tally: Tally): Promise<PlainStretch | undefined> {
    const { user, room, rules, wanted } = tally;
    const stretch = { room: room.nid, user, after: Math.max(wanted.after, wanted.main), upTo: room.head?.lastOrd ?? 0 };
    if (!rules.isStandard || rules.ignored.size > 0) return undefined;
    if (stretch.upTo - stretch.after <= this.#deps.few) return undefined;
    const found = await store.plain(this.#deps.db, stretch);
    // Where history is hidden from some, each of them is to be looked at by whoever asks.
    if (!(await this.#areOpen(tally, found))) return undefined;
    const ords = found.flatMap((some) => some.ords).sort((one, other) => one - other);
    for (const ord of ords) tally.backlog.add(MAIN, ord, false);
    tally.counted(found[0]?.position ?? 0);
    return stretch;
  }

  async #areOpen({ room }: Tally, found: readonly PlainMessages[]): Promise<boolean> {
    const open = found.map(({ snapshot }) => this.#deps.occasions.isOpen(room, snapshot ?? undefined));
    return (await Promise.all(open)).every(Boolean);
  }
}
