import type { ServerName } from '@holm/spec/ids';
import { type Edu, sendTransaction } from '@holm/spec/server-server/transactions';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Slots } from '../../platform/slots.ts';
import { CanonicalBody, type FederationClient } from '../client/client.ts';
import type { Destinations } from '../client/destinations.ts';
import { FederationError } from '../client/federation-error.ts';
import { Backlog, type BacklogDeps, type Portion } from './backlog.ts';
import type { Sent } from './outbox.store.ts';
import type { OutboxTelemetry } from './telemetry.ts';
import { transactionText } from './transaction.ts';

export interface DestinationQueueDeps extends BacklogDeps {
  readonly serverName: ServerName;
  readonly client: Pick<FederationClient, 'call'>;
  readonly destinations: Pick<Destinations, 'failed' | 'failingSince' | 'waitMs' | 'untilRetry'>;
  /** Canonical JSON of events by their number. */
  readonly pdusByNid: (nids: readonly number[]) => Promise<ReadonlyMap<number, string>>;
  readonly newTransactionId: () => string;
  /** Of all servers together: those that answer do not wait for those that may not. */
  readonly slots: Readonly<Record<'known' | 'strange', Pick<Slots, 'run'>>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: OutboxTelemetry;
}

/** What has been tried under one transaction id, and must be repeated under it until it is acknowledged. */
interface Transaction {
  readonly id: string;
  readonly sentAt: number;
  readonly portion: Portion;
}

const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * What one server is to be sent, in order, one transaction at a time.
 * https://spec.matrix.org/latest/server-server-api/#transactions
 *
 * What has to be sent is read from the database when its turn comes, so a server that is away takes no memory for it.
 */
export class DestinationQueue {
  readonly #deps: DestinationQueueDeps;
  readonly #server: ServerName;
  readonly #stop: AbortSignal;
  readonly #backlog: Backlog;
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
    this.#backlog = new Backlog(deps, server, deps.destinations.failingSince(server));
  }

  want(sent: Partial<Sent>): void {
    this.#backlog.want(sent);
    this.poke();
  }

  /** There are rooms that the server has to catch up on. */
  wantMissed(): void {
    this.#backlog.wantMissed();
    this.poke();
  }

  addEdu(edu: Edu, key?: string): void {
    if (this.#backlog.addFleeting(edu, key)) this.#deps.telemetry.dropped.add(1, { why: 'too many' });
    this.poke();
  }

  /** All events up to there have been given up, but for the last one of each room. */
  folded(event: number): void {
    this.#backlog.folded(event);
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

  get wanted(): Sent {
    return this.#backlog.wanted;
  }

  /** The server is left alone, and something waits for it. */
  get isResting(): boolean {
    return this.#resting !== undefined;
  }

  /** Nothing is left to do, for as long as nobody asks for more. */
  get isDone(): boolean {
    return !this.#running && this.#backlog.isEmpty && !this.#isDue();
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

  /** After the stop signal: resolves when nothing runs any more. What was of use only now, and did not arrive, is lost. */
  async finished(): Promise<void> {
    await this.#running;
    if (this.#unacknowledged) this.#backlog.lost(this.#unacknowledged.portion);
    this.#backlog.dropFleeting();
  }

  #setBusy(busy: boolean): void {
    const before = this.#busy;
    this.#busy = busy ? (before ?? Promise.withResolvers<void>()) : undefined;
    if (!busy) before?.resolve();
  }

  #isDue(): boolean {
    return this.#unacknowledged !== undefined || this.#backlog.isDue;
  }

  async #run(): Promise<void> {
    while (!this.#stop.aborted && this.#isDue()) {
      if (this.#deps.destinations.waitMs(this.#server) > 0) {
        this.#dropFleeting();
        if (!this.#isDue()) return;
        await this.#rest();
        continue;
      }
      await (await this.#slots()).run(() => this.#work());
    }
  }

  async #slots(): Promise<Pick<Slots, 'run'>> {
    const { destinations, slots } = this.#deps;
    const isFailing = destinations.failingSince(this.#server) !== undefined;
    return !isFailing && (await this.#backlog.hasArrived()) ? slots.known : slots.strange;
  }

  async #work(): Promise<void> {
    // Its turn may be long in coming.
    if (this.#stop.aborted) return;
    const transaction = this.#unacknowledged ?? (await this.#next());
    if (transaction && !(await this.#send(transaction))) this.#dropFleeting();
  }

  async #rest(): Promise<void> {
    this.#setBusy(false);
    this.#resting = this.#deps.destinations.untilRetry(this.#server, this.#stop).then(() => {
      this.#resting = undefined;
      this.#setBusy(true);
    });
    await this.#resting;
  }

  async #next(): Promise<Transaction | undefined> {
    const portion = await this.#backlog.next();
    return portion && { id: this.#deps.newTransactionId(), sentAt: this.#deps.clock.now(), portion };
  }

  async #send(transaction: Transaction): Promise<boolean> {
    const { client, telemetry, log, destinations } = this.#deps;
    this.#unacknowledged = transaction;
    const body = new CanonicalBody(await this.#serialise(transaction));
    try {
      const timeoutMs = TRANSACTION_TIMEOUT_MS;
      const call = { params: { txnId: transaction.id }, body, timeoutMs, backOffOnRefusal: true, signal: this.#stop };
      const { pdus = {} } = await client.call(this.#server, sendTransaction, call);
      await this.#acknowledge(transaction, pdus);
      return true;
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (this.#stop.aborted) return false;
      telemetry.transactions.add(1, { outcome: 'failed' });
      log.info('transaction not delivered', { server: this.#server, failure: error.failure, status: error.status });
      // Nothing else may be sent before this is acknowledged, so a refusal is no better than silence.
      if (destinations.waitMs(this.#server) === 0) destinations.failed(this.#server);
      this.#unacknowledged = this.#withoutFleeting(transaction);
      return false;
    }
  }

  /** A transaction is repeated without what was only of use then. */
  #withoutFleeting({ portion, ...transaction }: Transaction): Transaction | undefined {
    this.#deps.telemetry.dropped.add(portion.fleeting, { why: 'unreachable' });
    this.#backlog.lost(portion);
    const edus = portion.edus.slice(0, portion.edus.length - portion.fleeting);
    const isEmpty = portion.nids.length + edus.length + portion.missed.length === 0;
    return isEmpty
      ? undefined
      : { ...transaction, portion: { ...portion, edus, fleeting: 0, fleetingSince: undefined } };
  }

  async #serialise({ sentAt, portion: { nids, edus } }: Transaction): Promise<string> {
    const texts = await this.#deps.pdusByNid(nids);
    const pdus = nids.map((nid) => texts.get(nid)).filter((text) => text !== undefined);
    // Only a purge takes events away; it is not for us to send what is gone.
    if (pdus.length < nids.length) this.#deps.log.warn('events to send are gone', { server: this.#server });
    return transactionText({ origin: this.#deps.serverName, sentAt, pdus, edus });
  }

  async #acknowledge(
    { portion }: Transaction,
    results: Readonly<Record<string, { readonly error?: string }>>,
  ): Promise<void> {
    const { telemetry, log } = this.#deps;
    this.#unacknowledged = undefined;
    telemetry.transactions.add(1, { outcome: 'accepted' });
    telemetry.sent.add(portion.nids.length, { kind: 'pdu' });
    telemetry.sent.add(portion.edus.length, { kind: 'edu' });
    for (const [eventId, { error }] of Object.entries(results)) {
      if (error === undefined) continue;
      telemetry.refused.add(1, {});
      log.warn('event refused by another server', { server: this.#server, eventId, error: error.slice(0, 200) });
    }
    await this.#backlog.delivered(portion);
  }

  #dropFleeting(): void {
    this.#deps.telemetry.dropped.add(this.#backlog.dropFleeting(), { why: 'unreachable' });
  }
}
