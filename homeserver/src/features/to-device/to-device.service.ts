import { MatrixError } from '@holm/spec/errors';
import { type DeviceId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { LastChanges } from '../../streams/last-changes.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Range, Stream } from '../../streams/stream.ts';
import type { News } from '../../streams/sync-part.ts';
import { transactionKey } from '../room-events/index.ts';
import { readEdu } from './edu.ts';
import { byServer, isForDevice, MAX_MESSAGE_BYTES, type Message, messagesIn, sizeOf } from './message.ts';
import { type Address, type Most, type Row, toDeviceStore as store, type Waiting } from './to-device.store.ts';

export interface ToDeviceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly serverName: ServerName;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  readonly outbox: Pick<Outbox, 'keepEdu'>;
  readonly background: Background;
  readonly log: Log;
  readonly most?: Most;
}

export interface SendRequest {
  readonly type: string;
  readonly txnId: string;
  readonly messages: JsonObject;
}

/** As many as one answer tells; the next sync gets the next ones at once. */
const BATCH = 100;
const REMEMBERED = 50_000;
/** Weeks of keys from hundreds of rooms. */
const MOST: Most = { messages: 10_000, bytes: 50_000_000 };
/** How often what waits for a device is looked at: each time that such a part of the most has come. */
const SHARE = 20;
const MESSAGE_ID_LENGTH = 20;
/** Other servers in one request. Clients address some hundred devices at a time. */
const MAX_SERVERS = 500;
const DAY_MS = 86_400_000;
/** Clients repeat a request for hours at most. */
const REQUESTS_KEPT_MS = 7 * DAY_MS;
/** A server may repeat a message after an absence of ours. */
const RECEIVED_KEPT_MS = 60 * DAY_MS;

/** Messages from device to device, each delivered once: https://spec.matrix.org/latest/client-server-api/#send-to-device-messaging */
export class ToDevice {
  readonly #deps: ToDeviceDeps;
  readonly #changes: LastChanges<string>;
  /** Up to where there is nothing stored for a device. */
  readonly #cleared = new LRUCache<string, Position>(atMost(REMEMBERED));
  /** How much has come for a device since it was last looked at how much waits for it. */
  readonly #come = new LRUCache<string, { messages: number; bytes: number }>(atMost(REMEMBERED));
  /** Of devices that come at the same time. */
  readonly #waiting: Gather<Waiting, readonly Row[]>;

  constructor(deps: ToDeviceDeps) {
    this.#deps = deps;
    this.#waiting = new Gather((asked) => store.waiting(deps.db, asked), 'round');
    this.#changes = new LastChanges(deps.stream.settled);
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** Sends messages to devices here and elsewhere; a request that is repeated changes nothing. */
  async send(from: Address, { type, txnId, messages: byUser }: SendRequest): Promise<void> {
    const { clock, db, serverName } = this.#deps;
    const messages = readRequest(byUser);
    const key = transactionKey(from, ['sendToDevice', type], txnId);
    const local = messages.filter(({ userId }) => serverOf(userId) === serverName);
    const remote = messages.filter(({ userId }) => serverOf(userId) !== serverName);
    assertFew(new Set(remote.map(({ userId }) => serverOf(userId))).size);
    await db.transact(async (tx) => {
      if (!(await store.putTransaction(tx, key, clock.now()))) return;
      await this.#put(tx, { sender: from.userId, type }, local);
      await this.#sendOn(tx, { sender: from.userId, type }, remote);
    });
  }

  /** Another server passes on what its users have sent to ours. */
  async receive(origin: ServerName, edu: JsonObject): Promise<void> {
    const { clock, db, serverName } = this.#deps;
    const received = readEdu(origin, edu);
    if (!received) return;
    const messages = received.messages.filter((one) => {
      return serverOf(one.userId) === serverName && sizeOf(one) <= MAX_MESSAGE_BYTES;
    });
    await db.transact(async (tx) => {
      if (!(await store.putReceived(tx, origin, received.messageId, clock.now()))) return;
      await this.#put(tx, received, messages);
    });
  }

  /** What waits for a device, in the order of arrival, as much as fits into one answer. */
  async waiting(reader: Address, range: Range, atMost = BATCH): Promise<News> {
    const batch = Math.min(atMost, BATCH);
    const { userId, deviceId } = reader;
    const asked = { userId, deviceId, range, limit: batch + 1 };
    const rows = (await this.#waiting.load([asked])).get(asked) ?? [];
    if (rows.length === 0) this.#isEmpty(reader, range);
    const told = rows.slice(0, batch);
    const last = told.at(-1)?.position;
    return {
      toDevice: told.map(({ type, sender, content }) => ({ type, sender, content: JSON.parse(content) as JsonObject })),
      ...(rows.length > batch && last !== undefined && { reached: last }),
    };
  }

  mayHaveChanged(reader: Address, after: Position): boolean {
    const name = nameOf(reader);
    return this.#changes.mayHaveChanged(name, Math.max(after, this.#cleared.get(name) ?? 0) as Position);
  }

  /** Nothing was found: clients that ask from the start each time need not make the database look again. */
  #isEmpty(reader: Address, { after, upTo }: Range): void {
    const name = nameOf(reader);
    if (after <= (this.#cleared.get(name) ?? 0)) this.#cleared.set(name, upTo);
  }

  /** The device has everything up to there: it need not be kept. */
  acknowledge(reader: Address, upTo: Position): Promise<void> | undefined {
    const name = nameOf(reader);
    const cleared = this.#cleared.get(name);
    const isGone = cleared !== undefined && (cleared >= upTo || !this.#changes.mayHaveChanged(name, cleared));
    return isGone ? undefined : this.#clear(reader, upTo);
  }

  async #clear(reader: Address, upTo: Position): Promise<void> {
    await store.remove(this.#deps.db, reader, upTo);
    this.#cleared.set(nameOf(reader), upTo);
  }

  /** Forgets requests and messages that will not come again. */
  async trim(): Promise<void> {
    const now = this.#deps.clock.now();
    await store.forget(this.#deps.db, { requests: now - REQUESTS_KEPT_MS, received: now - RECEIVED_KEPT_MS });
  }

  async #put(tx: Tx, sent: { sender: UserId; type: string }, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const { notifier, stream } = this.#deps;
    const position = await stream.claimNext(tx);
    let addressed: readonly Address[] = [];
    tx.afterEnd((outcome) => {
      // Before the position settles, so that no reader passes it by.
      if (outcome === 'committed') for (const one of addressed) this.#changes.note(nameOf(one), position);
      stream.release(position);
    });
    tx.afterCommit(() => {
      stream.whenSettled(position, () => notifier.wake(new Set(addressed.map(({ userId }) => userId))));
    });
    addressed = await store.put(tx, { ...sent, position }, messages);
    const largest = Math.max(...messages.map(sizeOf));
    tx.afterCommit(() => {
      for (const address of addressed) this.#hasCome(address, largest);
    });
  }

  /** A device that is silent for long must not fill the disk: now and then, what waits for it is shortened. */
  #hasCome(address: Address, bytes: number): void {
    const { background, db, log, most = MOST } = this.#deps;
    const name = nameOf(address);
    const before = this.#come.get(name) ?? { messages: 0, bytes: 0 };
    const come = { messages: before.messages + 1, bytes: before.bytes + bytes };
    const isMuch = come.messages > most.messages / SHARE || come.bytes > most.bytes / SHARE;
    this.#come.set(name, isMuch ? { messages: 0, bytes: 0 } : come);
    if (!isMuch) return;
    background.run('shorten what waits for a device', async () => {
      const gone = await store.shorten(db, address, most);
      if (gone > 0) log.warn('messages for a silent device were dropped', { ...address, gone });
    });
  }

  async #sendOn(tx: Tx, sent: { sender: UserId; type: string }, messages: readonly Message[]): Promise<void> {
    const { entropy, outbox } = this.#deps;
    for (const [server, maps] of byServer(messages)) {
      for (const map of maps) {
        const content = { ...sent, message_id: token(entropy, MESSAGE_ID_LENGTH), messages: map };
        await outbox.keepEdu(tx, [server], { edu_type: 'm.direct_to_device', content });
      }
    }
  }
}

const nameOf = ({ userId, deviceId }: { userId: UserId; deviceId: DeviceId }): string => `${userId} ${deviceId}`;

const assertFew = (servers: number): void => {
  if (servers <= MAX_SERVERS) return;
  throw new MatrixError('M_TOO_LARGE', `messages go to users of at most ${MAX_SERVERS} other servers at a time`);
};

const readRequest = (byUser: JsonObject): Message[] => {
  const messages = messagesIn(byUser);
  if (!messages?.every(isForDevice)) {
    throw new MatrixError('M_INVALID_PARAM', 'messages are addressed by user id, then by device id');
  }
  for (const message of messages) {
    assertCanonical(message.content);
    if (sizeOf(message) > MAX_MESSAGE_BYTES) throw new MatrixError('M_TOO_LARGE', 'a message holds at most 64 KiB');
  }
  return messages;
};
