import type { ServerName } from '@holm/spec/ids';
import {
  type Edu, MAX_EDUS_PER_TRANSACTION, MAX_PDUS_PER_TRANSACTION,
} from '@holm/spec/server-server/transactions'; // prettier-ignore
import { canonicalJson } from '../../core/json/canonical.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { type KeptMessage, messagesStore } from './messages.store.ts';
import { type Missed, missedStore } from './missed.store.ts';
import { outboxStore, type Sent } from './outbox.store.ts';
import type { Progress } from './progress.ts';
import type { Losses } from './losses.ts';
import { type EduRecall, Recalled } from './recall.ts';
import type { RecentRows } from './recent-rows.ts';

/** Which events a server that was away is sent, by the last one that it missed in each room. */
export type CatchUp = (server: ServerName, missed: Missed) => Promise<readonly number[]>;

export interface BacklogDeps {
  readonly db: Database;
  readonly rows: Pick<RecentRows, 'next'>;
  /** Up to where the outbox is complete: its events, and its messages. */
  readonly settled: () => Sent;
  readonly progress: Pick<Progress, 'advance'>;
  readonly catchUp: CatchUp;
  /** Filled before the first message is sent. */
  readonly recalls: readonly EduRecall[];
  readonly losses: Pick<Losses, 'since' | 'put'>;
  readonly clock: Clock;
}

/** What goes out together, and from where on the next goes. */
export interface Portion {
  readonly nids: readonly number[];
  /** Canonical JSON. */
  readonly edus: readonly string[];
  /** How many of the EDUs are of use only now: the last ones. */
  readonly fleeting: number;
  /** Since when there have been those among them that can be said again, if this is not delivered. */
  readonly fleetingSince: UnixMillis | undefined;
  readonly sent: Sent;
  readonly missed: readonly Missed[];
}

/** Rooms that a server catches up on at a time. */
const MISSED_AT_ONCE = 20;
/** Half of what fits, so that neither kind of message keeps out the other. */
const KEPT_AT_ONCE = MAX_EDUS_PER_TRANSACTION / 2;
const FLEETING_AT_ONCE = MAX_EDUS_PER_TRANSACTION - KEPT_AT_ONCE;

/**
 * What waits for one server: rooms that it has to catch up on, then events and messages in their order, then what is of
 * use only now. Nothing of it is in memory but the last.
 */
export class Backlog {
  readonly #deps: BacklogDeps;
  readonly #server: ServerName;
  readonly #wanted = { event: 0, message: 0 };
  #sent: Sent = { event: 0, message: 0 };
  #isLoaded = false;
  #hasArrived = false;
  #hasMissed = false;
  /** By what makes an earlier one obsolete. */
  readonly #fleeting = new Map<string, string>();
  #fleetingSince: UnixMillis | undefined;
  readonly #recalled: Recalled;
  #unkeyed = 0;

  /** `failingSince`: when the server cannot be reached, and so may have missed what is of use only then. */
  constructor(deps: BacklogDeps, server: ServerName, failingSince?: UnixMillis) {
    this.#deps = deps;
    this.#server = server;
    this.#recalled = new Recalled(deps, server, failingSince);
  }

  want({ event = 0, message = 0 }: Partial<Sent>): void {
    this.#wanted.event = Math.max(this.#wanted.event, event);
    this.#wanted.message = Math.max(this.#wanted.message, message);
  }

  wantMissed(): void {
    this.#hasMissed = true;
  }

  /** Whether an older one had to go. */
  addFleeting(edu: Edu, key = `${this.#unkeyed++}`): boolean {
    if (this.#recalled.isFor(edu)) this.#fleetingSince ??= this.#deps.clock.now();
    this.#fleeting.delete(key);
    this.#fleeting.set(key, canonicalJson(edu, 'lenient'));
    if (this.#fleeting.size <= FLEETING_AT_ONCE) return false;
    this.#recalled.lost(this.#fleetingSince);
    for (const oldest of this.#fleeting.keys()) return this.#fleeting.delete(oldest);
    return false;
  }

  /** Resolves to how many there were. */
  dropFleeting(): number {
    const { size } = this.#fleeting;
    this.#fleeting.clear();
    this.#recalled.lost(this.#fleetingSince);
    this.#fleetingSince = undefined;
    return size;
  }

  /** What was of use only when this was sent did not arrive. */
  lost({ fleetingSince }: Portion): void {
    this.#recalled.lost(fleetingSince);
  }

  get wanted(): Sent {
    return this.#wanted;
  }

  /** Whether the server has ever taken anything that waited for it. */
  async hasArrived(): Promise<boolean> {
    await this.#load();
    return this.#hasArrived;
  }

  /** Nothing waits that will have to be sent some time. */
  get isEmpty(): boolean {
    const { event, message } = this.#wanted;
    return event <= this.#sent.event && message <= this.#sent.message && !this.#hasMissed && !this.#recalled.isDue;
  }

  /** Whether there is something that can be sent now. */
  get isDue(): boolean {
    const settled = this.#deps.settled();
    const isDue = (kind: keyof Sent) => Math.min(this.#wanted[kind], settled[kind]) > this.#sent[kind];
    return this.#hasMissed || this.#recalled.isDue || this.#fleeting.size > 0 || isDue('event') || isDue('message');
  }

  /** What is next; undefined if it turns out that nothing is. */
  async next(): Promise<Portion | undefined> {
    await this.#load();
    const { missed, nids: caughtUp } = await this.#nextMissed();
    const settled = this.#deps.settled();
    const upTo = {
      event: Math.max(this.#sent.event, Math.min(this.#wanted.event, settled.event)),
      message: Math.max(this.#sent.message, Math.min(this.#wanted.message, settled.message)),
    };
    const events = missed.length > 0 ? [] : await this.#nextEvents(upTo.event);
    const messages = await this.#nextMessages(upTo.message);
    const { edus: fleeting, since: fleetingSince } = await this.#nextFleeting();
    const sent = {
      event: missed.length > 0 ? this.#sent.event : (events.at(-1)?.position ?? upTo.event),
      message: messages.at(-1)?.position ?? upTo.message,
    };
    const edus = [...messages.map(({ edu }) => edu), ...fleeting];
    const nids = [...caughtUp, ...events.map(({ eventNid }) => eventNid)];
    if (nids.length + edus.length + missed.length === 0) {
      this.#sent = sent;
      this.#recalled.heard(); // there was nothing to be said again
      return undefined;
    }
    return { nids, edus, fleeting: fleeting.length, fleetingSince, sent, missed };
  }

  /** The server has a portion. */
  async delivered({ sent, missed }: Portion): Promise<void> {
    this.#hasArrived = true;
    this.#sent = laterOf(this.#sent, sent);
    this.#deps.progress.advance(this.#server, this.#sent);
    this.#recalled.heard();
    if (missed.length > 0) await missedStore.remove(this.#deps.db, this.#server, missed);
  }

  /** Everything up to there has been given up, but for the last event of each room. */
  folded(event: number): void {
    this.#sent = laterOf(this.#sent, { event, message: 0 });
    this.#hasMissed = true;
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    const sent = await outboxStore.sent(this.#deps.db, this.#server);
    this.#hasArrived ||= sent.event + sent.message > 0;
    this.#sent = laterOf(this.#sent, sent);
    this.#isLoaded = true;
  }

  async #nextMissed(): Promise<{ missed: readonly Missed[]; nids: readonly number[] }> {
    if (!this.#hasMissed) return { missed: [], nids: [] };
    this.#hasMissed = false; // first, because there may be more while this is being read
    const missed: Missed[] = [];
    const nids: number[] = [];
    for (const one of await missedStore.of(this.#deps.db, this.#server, MISSED_AT_ONCE)) {
      const found = await this.#deps.catchUp(this.#server, one);
      if (missed.length > 0 && nids.length + found.length > MAX_PDUS_PER_TRANSACTION) break;
      missed.push(one);
      nids.push(...found.slice(0, MAX_PDUS_PER_TRANSACTION));
    }
    if (missed.length > 0) this.#hasMissed = true;
    return { missed, nids };
  }

  /** What was missed goes before what is new. */
  async #nextFleeting(): Promise<{ readonly edus: readonly string[]; readonly since: UnixMillis | undefined }> {
    const recalled = await this.#recalled.take(FLEETING_AT_ONCE - this.#fleeting.size);
    const edus = [...recalled.edus, ...[...this.#fleeting.values()].slice(0, FLEETING_AT_ONCE - recalled.edus.length)];
    const since = recalled.since ?? this.#fleetingSince;
    this.#fleeting.clear();
    this.#fleetingSince = undefined;
    return { edus, since };
  }

  async #nextEvents(upTo: number) {
    const behind = { server: this.#server, sentPosition: this.#sent.event };
    return upTo > behind.sentPosition ? this.#deps.rows.next(behind, upTo, MAX_PDUS_PER_TRANSACTION) : [];
  }

  async #nextMessages(upTo: number): Promise<readonly KeptMessage[]> {
    const after = this.#sent.message;
    return upTo > after ? messagesStore.next(this.#deps.db, this.#server, { after, upTo }, KEPT_AT_ONCE) : [];
  }
}

const laterOf = (a: Sent, b: Sent): Sent => ({
  event: Math.max(a.event, b.event),
  message: Math.max(a.message, b.message),
});
