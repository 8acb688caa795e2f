import type { ServerName } from '@holm/spec/ids';
import {
  type Edu, MAX_EDUS_PER_TRANSACTION, MAX_PDUS_PER_TRANSACTION, sendTransaction,
} from '@holm/spec/server-server/transactions'; // prettier-ignore
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { CanonicalBody, type FederationClient } from '../client/client.ts';
import type { Destinations } from '../client/destinations.ts';
import { FederationError } from '../client/federation-error.ts';
import type { Waiting } from './outbox.store.ts';
import type { Progress } from './progress.ts';
import type { RecentRows } from './recent-rows.ts';
import type { OutboxTelemetry } from './telemetry.ts';
import { transactionText } from './transaction.ts';

export interface DestinationQueueDeps {
  readonly serverName: ServerName;
  readonly client: Pick<FederationClient, 'call'>;
  readonly destinations: Pick<Destinations, 'failed' | 'waitMs' | 'untilRetry'>;
  /** Canonical JSON of events by their number. */
  readonly pdusByNid: (nids: readonly number[]) => Promise<ReadonlyMap<number, string>>;
  readonly rows: Pick<RecentRows, 'next' | 'sentPosition'>;
  /** Up to where the outbox is complete. */
  readonly settled: () => number;
  readonly progress: Pick<Progress, 'advance'>;
  readonly newTransactionId: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: OutboxTelemetry;
}

/** What has been tried under one transaction id, and must be repeated under it until it is acknowledged. */
interface Transaction {
  readonly id: string;
  readonly sentAt: number;
  readonly events: readonly Waiting[];
  readonly edus: readonly Edu[];
}

const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * What one server is to be sent, in order, one transaction at a time.
 * https://spec.matrix.org/latest/server-server-api/#transactions
 *
 * Events are read from the database when their turn comes, so a server that is away takes no memory for them.
 */
export class DestinationQueue {
  readonly #deps: DestinationQueueDeps;
  readonly #server: ServerName;
  readonly #stop: AbortSignal;
  /** Read from the database when it is first needed. */
  #sentPosition = 0;
  #isLoaded = false;
  /** The newest position that is known to be addressed to this server. */
  #wanted = 0;
  #edus: Edu[] = [];
  #unacknowledged: Transaction | undefined;
  #running: Promise<void> | undefined;
  /** While something is being sent. */
  #busy: PromiseWithResolvers<void> | undefined;
  /** While the server is left alone. */
  #resting: Promise<void> | undefined;

  constructor(deps: DestinationQueueDeps, server: ServerName, stop: AbortSignal) {
    this.#deps = deps;
    this.#server = server;
    this.#stop = stop;
  }

  want(position: number): void {
    this.#wanted = Math.max(this.#wanted, position);
    this.poke();
  }

  addEdu(edu: Edu): void {
    if (this.#edus.length >= MAX_EDUS_PER_TRANSACTION) {
      this.#deps.telemetry.dropped.add(1, { why: 'too many' });
      this.#edus.shift();
    }
    this.#edus.push(edu);
    this.poke();
  }

  /** Looks again whether there is something that can be sent now. */
  poke(): void {
    if (this.#running || this.#stop.aborted || !this.#isDue()) return;
    this.#setBusy(true);
    this.#running = this.#run()
      .catch((err: unknown) => {
        this.#deps.log.error('outbox queue failed', { server: this.#server, err });
        this.#deps.destinations.failed(this.#server); // so that it does not spin
      })
      .finally(() => {
        this.#running = undefined;
        this.#setBusy(false);
        this.poke();
      });
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** Nothing is left to do, for as long as nobody asks for more. */
  get isDone(): boolean {
    return !this.#running && this.#wanted <= this.#sentPosition && this.#edus.length === 0;
  }

  /** Resolves when all that can be sent is sent: what is left waits for the server, or for an event to be settled. */
  async quiet(): Promise<void> {
    for (;;) {
      if (this.#busy) await this.#busy.promise;
      // Its time has come, but it has not woken up yet.
      else if (this.#resting && this.#deps.destinations.waitMs(this.#server) === 0) await this.#resting;
      else return;
    }
  }

  /** After the stop signal: resolves when nothing runs any more. */
  async finished(): Promise<void> {
    await this.#running;
  }

  #setBusy(busy: boolean): void {
    const before = this.#busy;
    this.#busy = busy ? (before ?? Promise.withResolvers<void>()) : undefined;
    if (!busy) before?.resolve();
  }

  #isDue(): boolean {
    const canSend = this.#wanted > this.#sentPosition && this.#deps.settled() > this.#sentPosition;
    return canSend || this.#edus.length > 0 || this.#unacknowledged !== undefined;
  }

  async #run(): Promise<void> {
    while (!this.#stop.aborted && this.#isDue()) {
      if (this.#deps.destinations.waitMs(this.#server) > 0) {
        this.#dropEdus();
        if (this.#wanted <= this.#sentPosition && !this.#unacknowledged) return;
        await this.#rest();
        continue;
      }
      const transaction = this.#unacknowledged ?? (await this.#next());
      if (transaction && !(await this.#send(transaction))) this.#dropEdus();
    }
  }

  async #rest(): Promise<void> {
    this.#setBusy(false);
    this.#resting = this.#deps.destinations.untilRetry(this.#server, this.#stop).then(() => {
      this.#resting = undefined;
      this.#setBusy(true);
    });
    await this.#resting;
  }

  /** Takes what is next. Without any event or message in it, everything up to the settled position is done. */
  async #next(): Promise<Transaction | undefined> {
    await this.#load();
    const upTo = Math.min(this.#wanted, this.#deps.settled());
    const behind = { server: this.#server, sentPosition: this.#sentPosition };
    const events = upTo > this.#sentPosition ? await this.#deps.rows.next(behind, upTo, MAX_PDUS_PER_TRANSACTION) : [];
    const edus = this.#edus;
    this.#edus = [];
    if (events.length === 0) this.#sentPosition = Math.max(this.#sentPosition, upTo);
    if (events.length + edus.length === 0) return undefined;
    return { id: this.#deps.newTransactionId(), sentAt: this.#deps.clock.now(), events, edus };
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#sentPosition = await this.#deps.rows.sentPosition(this.#server);
    this.#isLoaded = true;
  }

  async #send(transaction: Transaction): Promise<boolean> {
    const { client, telemetry, log, destinations } = this.#deps;
    this.#unacknowledged = transaction;
    const body = new CanonicalBody(await this.#serialise(transaction));
    try {
      const timeoutMs = TRANSACTION_TIMEOUT_MS;
      const call = { params: { txnId: transaction.id }, body, timeoutMs, backOffOnRefusal: true, signal: this.#stop };
      const { pdus = {} } = await client.call(this.#server, sendTransaction, call);
      this.#acknowledge(transaction, pdus);
      return true;
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (this.#stop.aborted) return false;
      telemetry.transactions.add(1, { outcome: 'failed' });
      log.info('transaction not delivered', { server: this.#server, failure: error.failure, status: error.status });
      // Nothing else may be sent before this is acknowledged, so a refusal is no better than silence.
      if (destinations.waitMs(this.#server) === 0) destinations.failed(this.#server);
      // It will be repeated without what is only of use now.
      this.#unacknowledged = transaction.events.length === 0 ? undefined : { ...transaction, edus: [] };
      telemetry.dropped.add(transaction.edus.length, { why: 'unreachable' });
      return false;
    }
  }

  async #serialise({ sentAt, events, edus }: Transaction): Promise<string> {
    const texts = await this.#deps.pdusByNid(events.map(({ eventNid }) => eventNid));
    const pdus = events.map(({ eventNid }) => texts.get(eventNid)).filter((text) => text !== undefined);
    // Only a purge takes events away; it is not for us to send what is gone.
    if (pdus.length < events.length) this.#deps.log.warn('events to send are gone', { server: this.#server });
    return transactionText({ origin: this.#deps.serverName, sentAt, pdus, edus });
  }

  #acknowledge({ events, edus }: Transaction, results: Readonly<Record<string, { readonly error?: string }>>): void {
    const { telemetry, progress, log } = this.#deps;
    this.#unacknowledged = undefined;
    telemetry.transactions.add(1, { outcome: 'accepted' });
    telemetry.sent.add(events.length, { kind: 'pdu' });
    telemetry.sent.add(edus.length, { kind: 'edu' });
    for (const [eventId, { error }] of Object.entries(results)) {
      if (error === undefined) continue;
      telemetry.refused.add(1, {});
      log.warn('event refused by another server', { server: this.#server, eventId, error: error.slice(0, 200) });
    }
    const last = events.at(-1);
    if (!last) return;
    this.#sentPosition = last.position;
    progress.advance(this.#server, last.position);
  }

  #dropEdus(): void {
    this.#deps.telemetry.dropped.add(this.#edus.length, { why: 'unreachable' });
    this.#edus = [];
  }
}
