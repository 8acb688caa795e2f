import type { EventId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import type { StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import { checkByAuthEvents } from './checks/4-auth-events.ts';
import { gapsStore } from './gaps.store.ts';
import type { KnownEvents } from './known-events.ts';
import { inOrder } from './order.ts';
import type { Placer } from './placer.ts';

/** Rejected events of a room that are looked at: the newest. */
const MAX_LOOKED_AT = 500;

/**
 * Whether what is new may change the verdict on a rejected event. A rejection is final but for two things that it can
 * rest on and that can turn out to be otherwise (ADR 0012):
 *
 * - one of its auth events was rejected, and is not any more;
 * - an ancestor was missing, so that the state before it was another server's word, and the ancestor has come since.
 */
export const mayBeJudgedAgain = ({ status, event }: StoredEvent, news: ReadonlySet<EventId>): boolean =>
  status === 'rejected' && (event.authEvents.some((id) => news.has(id)) || event.prevEvents.some((id) => news.has(id)));

/** Takes back rejections that rested on what a step has set right, those that rested on them, and so on. */
export class Unrejection {
  readonly #db: Database;
  readonly #change: Change;
  readonly #known: KnownEvents;
  readonly #placer: Placer;

  constructor(
    db: Database,
    { change, known, placer }: { readonly change: Change; readonly known: KnownEvents; readonly placer: Placer },
  ) {
    this.#db = db;
    this.#change = change;
    this.#known = known;
    this.#placer = placer;
  }

  /** `news`: events that are not missing or not rejected any more. */
  async after(news: readonly EventId[]): Promise<void> {
    if (news.length === 0) return;
    const settled = new Set(news);
    const stored = await this.#known.load(await gapsStore.rejected(this.#db, this.#change.room.nid, MAX_LOOKED_AT));
    const candidates = [...new Map([...stored, ...this.#change.events.map((event) => [event.nid, event] as const)])]
      .map(([, event]) => event)
      .filter(({ status }) => status === 'rejected');
    const byId = new Map(candidates.map((candidate) => [candidate.event.eventId, candidate]));
    const events = candidates.map(({ event }) => event);
    for (const { eventId } of inOrder(events, ({ authEvents, prevEvents }) => [...authEvents, ...prevEvents])) {
      const candidate = byId.get(eventId);
      if (!candidate || !mayBeJudgedAgain(candidate, settled)) continue;
      if (await this.#isRight(candidate)) settled.add(eventId);
    }
  }

  async #isRight(candidate: StoredEvent): Promise<boolean> {
    if (candidate.snapshot === undefined) return this.#isRightOutlier(candidate);
    await this.#placer.place({ event: candidate.event, again: true });
    return this.#change.byId(candidate.event.eventId)?.status !== 'rejected';
  }

  async #isRightOutlier({ event, nid, authNumber }: StoredEvent): Promise<boolean> {
    const known = await this.#known.find(event.authEvents);
    const check = checkByAuthEvents(event, (id) => known.get(id));
    if (!check?.verdict.allowed) return false;
    this.#change.place(event, {
      nid,
      status: 'accepted',
      snapshot: undefined,
      position: undefined,
      replaces: undefined,
      authNumbers: check.authNumbers,
      authNumber,
    });
    return true;
  }
}
