import type { ServerName } from '@holm/spec/ids';
import type { Edu } from '@holm/spec/server-server/transactions';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../../core/json/canonical.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Slots } from '../../platform/slots.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { Stream } from '../../streams/stream.ts';
import type { FederationClient } from '../client/client.ts';
import type { Destinations } from '../client/destinations.ts';
import { type FederationSettings, serverFilter } from '../settings.ts';
import type { CatchUp } from './backlog.ts';
import { DestinationQueue, type DestinationQueueDeps } from './destination-queue.ts';
import { messagesStore } from './messages.store.ts';
import { missedStore } from './missed.store.ts';
import { outboxStore, type Sent } from './outbox.store.ts';
import { Progress } from './progress.ts';
import { Losses } from './losses.ts';
import type { EduRecall } from './recall.ts';
import { RecentRows } from './recent-rows.ts';
import { outboxTelemetry } from './telemetry.ts';

export interface OutboxDeps {
  readonly serverName: ServerName;
  readonly settings: Pick<FederationSettings, 'enabled' | 'allow' | 'deny'>;
  readonly db: Database;
  readonly client: Pick<FederationClient, 'call'>;
  readonly destinations: Pick<Destinations, 'failed' | 'failingSince' | 'waitMs' | 'untilRetry'>;
  /** Canonical JSON of events, by their number in this database. */
  readonly pdusByNid: (nids: readonly number[]) => Promise<ReadonlyMap<number, string>>;
  readonly catchUp: CatchUp;
  /** Filled before the first message is sent. */
  readonly recalls: readonly EduRecall[];
  /** The stream that gives outbox rows their positions. */
  readonly positions: { readonly settled: number };
  readonly background: Background;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Queues of reachable servers with nothing to do are let go beyond this number. */
const MAX_QUEUES = 5_000;
const MAX_TEXTS = 2_000;
/**
 * Servers that are written to at a time, of those that have taken something before and of the others; who comes later waits.
 * Thousands may be in one room, and many of them gone, or made up.
 */
export const AT_ONCE = 200;
/** What is not replaced by something newer is kept for so long for a server that is away. */
const KEPT_FOR_MS = 30 * 86_400_000;
/** A server that is away for longer is not sent every event, but the last of each room, from which it finds the rest. */
const CATCH_UP_AFTER_MS = 3_600_000;

/**
 * Delivers events and ephemeral messages to other servers.
 *
 * Whoever writes an event writes its outbox row with it, and calls `wake` once both are durable and their position has
 * been given back to the stream.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #queueDeps: DestinationQueueDeps;
  readonly #isAllowed: (server: ServerName) => boolean;
  readonly #queues = new Map<ServerName, DestinationQueue>();
  /** Those that want events which are not settled yet. */
  readonly #unsettled = new Set<DestinationQueue>();
  readonly #texts = new LRUCache<number, Promise<string | undefined>>(atMost(MAX_TEXTS));
  readonly #progress: Progress;
  readonly #stop = new AbortController();
  /** Gives messages that are kept their positions. */
  readonly #messages: Stream;

  readonly #losses: Losses;

  /** See `openOutbox`. */
  constructor(deps: OutboxDeps, { lastMessage, losses }: { readonly lastMessage: number; readonly losses: Losses }) {
    this.#deps = deps;
    this.#losses = losses;
    this.#messages = new Stream('outbox messages', lastMessage);
    this.#isAllowed = serverFilter(deps.settings);
    this.#progress = new Progress(deps.db, deps.background);
    const run = `${deps.clock.now().toString(36)}${token(deps.entropy, 6)}`;
    let transactions = 0;
    this.#queueDeps = {
      ...deps,
      losses,
      pdusByNid: (nids) => this.#pdus(nids),
      settled: () => ({ event: deps.positions.settled, message: this.#messages.settled }),
      rows: new RecentRows(deps.db, deps.positions.settled),
      progress: this.#progress,
      slots: { known: new Slots(AT_ONCE), strange: new Slots(AT_ONCE) },
      // Never the same again, even if the database is lost: a receiver answers known ids without looking at the body.
      newTransactionId: () => `${run}-${transactions++}`,
      telemetry: outboxTelemetry(deps.metrics),
    };
    deps.metrics.gauge('holm_federation_queues', 'Servers that something is being sent to, or will be.', () => {
      return [...this.#queues.values()].filter((queue) => !queue.isDone).length;
    });
  }

  /** Takes up what was not delivered before the last stop. */
  async start(): Promise<void> {
    const { db } = this.#deps;
    for (const server of await missedStore.servers(db)) if (this.#mayReceive(server)) this.#queue(server).wantMissed();
    for (const [server, event] of await outboxStore.behind(db)) this.#want(server, { event, message: 0 });
    for (const [server, message] of await messagesStore.behind(db)) this.#want(server, { event: 0, message });
    for (const server of [...this.#losses.servers()]) if (this.#mayReceive(server)) this.#queue(server).poke();
  }

  /**
   * To be called after every position is settled: with the event's destinations when a row was written for it, and with
   * none when the write failed or went nowhere, because others may have waited for that position.
   */
  wake(destinations: Iterable<ServerName>, position: number): void {
    for (const server of destinations) this.#want(server, { event: position, message: 0 });
    this.#pokeUnsettled();
  }

  /**
   * Sends a message with the next transaction, if the server can be reached now. One that is still waiting is replaced
   * by a newer one with the same key.
   */
  sendEdu(destinations: Iterable<ServerName>, edu: Edu, key?: string): void {
    for (const server of destinations) {
      if (this.#mayReceive(server)) this.#queue(server).addEdu(edu, key);
    }
  }

  /**
   * Sends a message that is not lost: it is written with whatever else the transaction writes, and kept until every
   * server has it. A newer one with the same key, to the same servers at least, makes it obsolete.
   */
  async keepEdu(tx: Tx, servers: Iterable<ServerName>, edu: Edu, key?: string): Promise<void> {
    const destinations = [...new Set(servers)].filter((server) => this.#mayReceive(server));
    if (destinations.length === 0) return;
    const position = this.#messages.claim();
    tx.afterEnd(() => this.#messages.release(position));
    tx.afterCommit(() => {
      for (const server of destinations) this.#want(server, { event: 0, message: position });
      this.#messages.whenSettled(position, () => this.#pokeUnsettled());
    });
    await messagesStore.put(tx, { position, destinations, key, edu: canonicalJson(edu, 'lenient') });
  }

  /** Resolves when all that can be sent has been: what is left waits for a server that is away. */
  async settled(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.quiet()));
    await this.#deps.background.idle();
  }

  /** Removes rows that nobody needs any more, or only because they are away. Run it every minute or so. */
  async trim(): Promise<number> {
    const { clock, db, positions } = this.#deps;
    this.#pokeUnsettled();
    await this.#fold();
    const longAgo = (clock.now() - KEPT_FOR_MS) as UnixMillis;
    const messages = await messagesStore.trim(db, this.#messages.settled, longAgo);
    return messages + (await outboxStore.trim(db, positions.settled));
  }

  /** Servers that have been away for long will be told the last event of each room instead of all. */
  async #fold(): Promise<void> {
    const { db, clock, destinations, positions } = this.#deps;
    const longAgo = clock.now() - CATCH_UP_AFTER_MS;
    const { settled } = positions;
    const away = [...this.#queues].filter(([server, queue]) => {
      return queue.isResting && queue.wanted.event > 0 && (destinations.failingSince(server) ?? Infinity) < longAgo;
    });
    if (away.length === 0) return;
    await missedStore.fold(
      db,
      away.map(([server]) => server),
      settled,
    );
    for (const [, queue] of away) queue.folded(settled);
  }

  /** Sends what can be sent within `drainMs`, then breaks off. What is left stays in the database. */
  async stop(drainMs: number): Promise<void> {
    const deadline = new AbortController();
    await Promise.race([this.settled(), this.#deps.clock.sleep(drainMs, deadline.signal)]);
    deadline.abort();
    this.#stop.abort();
    await Promise.all([...this.#queues.values()].map((queue) => queue.finished()));
  }

  #want(server: ServerName, wanted: Sent): void {
    // What the operator forbids is as good as sent: it must not be kept for ever.
    if (!this.#mayReceive(server)) {
      this.#progress.advance(server, wanted);
      return;
    }
    const queue = this.#queue(server);
    queue.want(wanted);
    if (!this.#isSettled(queue)) this.#unsettled.add(queue);
  }

  #pokeUnsettled(): void {
    for (const queue of this.#unsettled) {
      queue.poke();
      if (this.#isSettled(queue)) this.#unsettled.delete(queue);
    }
  }

  #isSettled({ wanted }: DestinationQueue): boolean {
    return wanted.event <= this.#deps.positions.settled && wanted.message <= this.#messages.settled;
  }

  #mayReceive(server: ServerName): boolean {
    return server !== this.#deps.serverName && this.#isAllowed(server);
  }

  #queue(server: ServerName): DestinationQueue {
    const known = this.#queues.get(server);
    if (known) return known;
    if (this.#queues.size >= MAX_QUEUES) this.#letGo();
    const queue = new DestinationQueue(this.#queueDeps, server, this.#stop.signal);
    this.#queues.set(server, queue);
    return queue;
  }

  #letGo(): void {
    for (const [server, queue] of this.#queues) if (queue.isDone) this.#queues.delete(server);
  }

  /** Events go to many servers at about the same time, so their text is read once for all. */
  async #pdus(nids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const missing = nids.filter((nid) => !this.#texts.has(nid));
    const read = missing.length === 0 ? Promise.resolve(new Map<number, string>()) : this.#deps.pdusByNid(missing);
    const texts = nids.map((nid) => this.#texts.get(nid) ?? this.#remember(nid, read));
    const found = (await Promise.all(texts)).map((text, index) => [nids[index], text] as const);
    return new Map(found.filter((entry): entry is [number, string] => entry[1] !== undefined));
  }

  #remember(nid: number, read: Promise<ReadonlyMap<number, string>>): Promise<string | undefined> {
    const text = read.then((texts) => texts.get(nid));
    this.#texts.set(nid, text);
    text.catch(() => this.#texts.delete(nid)); // whoever waits for it hears of it, too
    return text;
  }
}

/** An outbox whose messages go on where those of the last run ended. */
export const openOutbox = async (deps: OutboxDeps): Promise<Outbox> =>
  new Outbox(deps, {
    lastMessage: await messagesStore.lastPosition(deps.db),
    losses: await Losses.open(deps.db, deps.background),
  });
