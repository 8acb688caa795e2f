import { MatrixError } from '@holm/spec/errors';
import type { RoomId, ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { MAX_EDUS_PER_TRANSACTION, MAX_PDUS_PER_TRANSACTION } from '@holm/spec/server-server/transactions';
import { LRUCache } from 'lru-cache';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { stopwatch } from '../../platform/stopwatch.ts';
import { byRoom, type EduListener, type PduReceiver, type PduResult, type ReceivedEdu, readEdus } from './received.ts';
import { inboxTelemetry } from './telemetry.ts';

export interface InboxDeps {
  readonly receiver: PduReceiver;
  /** Filled before the first transaction. */
  readonly eduListeners: readonly EduListener[];
  readonly background: Background;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface TransactionResult {
  readonly pdus: Record<string, PduResult>;
}

interface Parts {
  readonly pdus: readonly Json[];
  readonly edus: readonly Json[];
}

interface Transaction extends Parts {
  /** What fails again is given up instead of failing the transaction. */
  readonly isLastAttempt: boolean;
}

const MAX_REMEMBERED = 10_000;
/** Transactions of one server that may wait; a well-behaved one sends its next after our answer. */
const MAX_WAITING = 10;
/**
 * How often a transaction that makes us fail is asked for again. An event that we cannot process must not keep out
 * everything behind it; one that was lost to a full disk is found missing when the next one refers to it.
 */
const MAX_ATTEMPTS = 3;
/** After this the answer goes out; what is still being worked on goes on behind it. Senders give up at about 60 s. */
const ANSWER_WITHIN_MS = 40_000;

/** Receives what other servers push: https://spec.matrix.org/latest/server-server-api/#transactions */
export class Inbox {
  readonly #deps: InboxDeps;
  readonly #telemetry: ReturnType<typeof inboxTelemetry>;
  /** Answers by origin and transaction id. Losing one costs a repetition, which changes nothing. */
  readonly #answers = new LRUCache<string, Promise<TransactionResult>>(atMost(MAX_REMEMBERED));
  readonly #attempts = new LRUCache<string, number>(atMost(MAX_REMEMBERED));
  readonly #queue = new KeyedQueue<ServerName>();
  readonly #waiting = new Map<ServerName, number>();

  constructor(deps: InboxDeps) {
    this.#deps = deps;
    this.#telemetry = inboxTelemetry(deps.metrics);
  }

  /** Processes a transaction once, however often it arrives. Transactions of one server are taken one by one. */
  async receive(origin: ServerName, txnId: string, bodyText: string): Promise<TransactionResult> {
    const key = `${origin} ${txnId}`;
    const before = this.#answers.get(key);
    if (before) {
      this.#telemetry.transactions.add(1, { outcome: 'repeated' });
      return before;
    }
    const attempts = (this.#attempts.get(key) ?? 0) + 1;
    const transaction = { ...this.#read(bodyText), isLastAttempt: attempts >= MAX_ATTEMPTS };
    const answer = this.#inTurn(origin, transaction);
    this.#answers.set(key, answer);
    try {
      return await answer;
    } catch (error) {
      this.#answers.delete(key);
      if (!(error instanceof MatrixError)) this.#attempts.set(key, attempts);
      throw error;
    }
  }

  #read(bodyText: string): Parts {
    const body = this.#parse(bodyText);
    const transaction = { pdus: listIn(body, 'pdus'), edus: listIn(body, 'edus') };
    if (transaction.pdus.length > MAX_PDUS_PER_TRANSACTION || transaction.edus.length > MAX_EDUS_PER_TRANSACTION) {
      this.#telemetry.transactions.add(1, { outcome: 'refused' });
      throw new MatrixError('M_INVALID_PARAM', 'a transaction holds at most 50 PDUs and 100 EDUs');
    }
    return transaction;
  }

  #parse(bodyText: string): Json {
    try {
      return parseJson(bodyText, { strict: false });
    } catch (cause) {
      if (cause instanceof InvalidJsonError) throw new MatrixError('M_BAD_JSON', cause.message, { cause });
      throw cause;
    }
  }

  async #inTurn(origin: ServerName, transaction: Transaction): Promise<TransactionResult> {
    const waiting = this.#waiting.get(origin) ?? 0;
    if (waiting >= MAX_WAITING) {
      this.#telemetry.transactions.add(1, { outcome: 'refused' });
      throw new MatrixError('M_LIMIT_EXCEEDED', 'too many transactions at once');
    }
    this.#waiting.set(origin, waiting + 1);
    try {
      return await this.#queue.run(origin, () => this.#process(origin, transaction));
    } catch (error) {
      this.#telemetry.transactions.add(1, { outcome: 'failed' });
      throw error;
    } finally {
      const left = (this.#waiting.get(origin) ?? 1) - 1;
      if (left > 0) this.#waiting.set(origin, left);
      else this.#waiting.delete(origin);
    }
  }

  async #process(origin: ServerName, { pdus, edus, isLastAttempt }: Transaction): Promise<TransactionResult> {
    const seconds = stopwatch();
    const { rooms, malformed } = byRoom(pdus);
    this.#telemetry.received.add(pdus.length, { kind: 'pdu' });
    this.#telemetry.received.add(edus.length, { kind: 'edu' });
    this.#telemetry.failures.add(malformed, { kind: 'malformed pdu' });
    const results: Record<string, PduResult> = {};
    const work = [...rooms].map(async ([roomId, ofRoom]) => {
      const found = await this.#room(origin, roomId, ofRoom).catch((error: unknown) => {
        if (isLastAttempt) return new Map<string, PduResult>();
        throw error;
      });
      for (const [eventId, result] of found) results[eventId] = result;
    });
    await this.#within(origin, Promise.all([...work, this.#edus(origin, readEdus(edus), isLastAttempt)]));
    this.#telemetry.failures.add(countErrors(results), { kind: 'pdu with an error' });
    this.#telemetry.transactions.add(1, { outcome: 'processed' });
    this.#telemetry.seconds.observe(seconds(), {});
    return { pdus: { ...results } };
  }

  async #room(
    origin: ServerName,
    roomId: RoomId | undefined,
    pdus: readonly JsonObject[],
  ): Promise<ReadonlyMap<string, PduResult>> {
    try {
      return await this.#deps.receiver.receive(origin, roomId, pdus);
    } catch (err) {
      this.#deps.log.error('received events could not be processed', { origin, roomId, err });
      throw err;
    }
  }

  /** In their order, and before the answer: some of them must not be lost once they are acknowledged. */
  async #edus(origin: ServerName, edus: readonly ReceivedEdu[], isLastAttempt: boolean): Promise<void> {
    for (const { type, content } of edus) {
      for (const listener of this.#deps.eduListeners.filter(({ eduType }) => eduType === type)) {
        const isGivenUp = isLastAttempt || listener.isKept !== true;
        await this.#edu(origin, listener, content).catch((error: unknown) => {
          if (!isGivenUp) throw error;
        });
      }
    }
  }

  async #edu(origin: ServerName, listener: EduListener, content: JsonObject): Promise<void> {
    try {
      await listener.receive(origin, content);
    } catch (err) {
      this.#telemetry.failures.add(1, { kind: 'edu' });
      this.#deps.log.error('ephemeral message could not be processed', { origin, eduType: listener.eduType, err });
      throw err;
    }
  }

  /** Waits for the work, but not for ever. */
  async #within(origin: ServerName, work: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(ANSWER_WITHIN_MS, done.signal).then(() => 'late' as const);
    try {
      if ((await Promise.race([work, late])) !== 'late') return;
    } finally {
      done.abort();
    }
    this.#telemetry.failures.add(1, { kind: 'slow room' });
    this.#deps.log.warn('transaction answered before all of it was processed', { origin });
    this.#deps.background.run('finish a received transaction', () => work);
  }
}

const listIn = (body: Json, name: 'pdus' | 'edus'): readonly Json[] => {
  const list = isObject(body) ? body[name] : undefined;
  return Array.isArray(list) ? (list as readonly Json[]) : [];
};

const countErrors = (results: Readonly<Record<string, PduResult>>): number =>
  Object.values(results).filter(({ error }) => error !== undefined).length;
