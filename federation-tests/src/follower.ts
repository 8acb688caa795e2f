import { setTimeout } from 'node:timers/promises';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Of the test network's clock. */
export const POLL_MS = 30_000;
const FILTER = encodeURIComponent(JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } }));

/** What a client keeps of a room beside its events. */
class RoomSide {
  readonly account = new Map<string, string>();
  readonly receipts = new Map<string, string>();
  typing: string[] = [];
  unread = '';

  take({ account_data: account, ephemeral, unread_notifications: counts, unread_thread_notifications: threads }: any) {
    for (const { type, content } of account?.events ?? []) this.account.set(type, JSON.stringify(content));
    for (const { type, content } of ephemeral?.events ?? []) {
      if (type === 'm.typing') this.typing = content.user_ids.toSorted();
      if (type === 'm.receipt') this.#read(content);
    }
    if (counts) this.unread = JSON.stringify([counts, sorted(threads ?? {})]);
  }

  get told() {
    return {
      account: sorted(Object.fromEntries(this.account)),
      receipts: sorted(Object.fromEntries(this.receipts)),
      typing: this.typing,
      unread: this.unread,
    };
  }

  #read(content: any): void {
    for (const [event, byType] of Object.entries<any>(content)) {
      for (const [type, byUser] of Object.entries<any>(byType)) {
        for (const [user, { ts, thread_id: thread }] of Object.entries<any>(byUser)) {
          this.receipts.set(`${type} ${user} ${thread}`, `${event} ${ts}`);
        }
      }
    }
  }
}

const sorted = (object: object): object =>
  Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));

/** A device that puts together, from one answer to the next, what it is told beside the events of rooms. */
export class Follower {
  readonly person: Person;
  /** It waits for what is new all the time. */
  isLive = false;
  readonly messages: string[] = [];
  /** Devices of those whom it encrypts for. */
  readonly keys = new Map<string, string>();
  readonly #account = new Map<string, string>();
  readonly #rooms = new Map<string, RoomSide>();
  /** Whose keys are to be asked for. */
  readonly #wanted = new Set<string>();
  #since: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(person: Person) {
    this.person = person;
  }

  /** What it knows, but for what is told once. */
  get told() {
    const rooms = Object.fromEntries([...this.#rooms].map(([room, side]) => [room, side.told]));
    return { account: sorted(Object.fromEntries(this.#account)), rooms: sorted(rooms) };
  }

  /** Waits for what is new, again and again, until it is told to stop and nothing more is to be waited for. */
  async follow({ isOver, isLost }: { isOver: () => boolean; isLost: () => boolean }): Promise<void> {
    this.isLive = true;
    // The server may be stopped meanwhile.
    while (!isOver()) await this.sync(isLost(), POLL_MS).catch(() => setTimeout(5));
    this.isLive = false;
  }

  /** One sync after the other, the answers to which may get lost. */
  sync(isLost = false, timeout = 0): Promise<void> {
    const done = this.#last.then(() => this.#sync(isLost, timeout));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #sync(isLost: boolean, timeout: number): Promise<void> {
    const since = this.#since === undefined ? '' : `&since=${encodeURIComponent(this.#since)}`;
    const answer = await this.person.ask('GET', `/sync?timeout=${timeout}&filter=${FILTER}${since}`);
    if (isLost) return;
    const isFirst = this.#since === undefined;
    this.#since = answer.next_batch;
    this.#take(answer);
    if (isFirst) for (const room of this.#rooms.keys()) await this.#wantAllIn(room);
    await this.#askForKeys();
  }

  /** Whoever's keys cannot be had is asked for again the next time. */
  async #askForKeys(): Promise<void> {
    for (const user of [...this.#wanted]) {
      const keys = await keysOf(this.person, user);
      if (keys === undefined) continue;
      this.#wanted.delete(user);
      this.keys.set(user, keys);
    }
  }

  async #wantAllIn(room: string): Promise<void> {
    const { joined } = await this.person.ask('GET', `/rooms/${encodeURIComponent(room)}/joined_members`);
    for (const user of Object.keys(joined)) this.#wanted.add(user);
  }

  #take({ account_data: account, rooms = {}, to_device: toDevice, device_lists: lists }: any): void {
    for (const { type, content } of account?.events ?? []) this.#account.set(type, JSON.stringify(content));
    for (const { sender, content } of toDevice?.events ?? []) this.messages.push(`${sender} ${content.n}`);
    for (const room of Object.keys(rooms.leave ?? {})) this.#rooms.delete(room);
    for (const [room, news] of Object.entries<any>(rooms.join ?? {})) {
      const side = this.#rooms.get(room) ?? new RoomSide();
      this.#rooms.set(room, side);
      side.take(news);
    }
    for (const user of lists?.changed ?? []) this.#wanted.add(user);
    for (const user of lists?.left ?? []) {
      this.#wanted.delete(user);
      this.keys.delete(user);
    }
  }
}

/** The devices of somebody, and whether they have keys for cross-signing; nothing where their server does not answer. */
export const keysOf = async (reader: Person, user: string): Promise<string | undefined> => {
  const answer = await reader.ask('POST', '/keys/query', { device_keys: { [user]: [] } });
  if (Object.keys(answer.failures ?? {}).length > 0) return undefined;
  return JSON.stringify([Object.keys(answer.device_keys[user] ?? {}).toSorted(), answer.master_keys?.[user]?.keys]);
};
