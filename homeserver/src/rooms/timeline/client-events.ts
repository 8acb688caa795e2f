import type { UserId, DeviceId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { toClientEvent } from '../../core/events/client-format.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Event } from '../../core/events/event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Events } from '../events.ts';
import type { EventNid, StoredEvent } from '../model.ts';

/** The device whose request made an event; only it is told the request's transaction id. */
export interface Viewer {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

const REMEMBERED_TRANSACTIONS = 20_000;

/** Which client requests became which events, for as long as their senders may be waiting to see them. */
export class TransactionEchoes {
  readonly #byEvent = new LRUCache<EventNid, { readonly device: string; readonly id: string }>({
    max: REMEMBERED_TRANSACTIONS,
  });

  sent(nid: EventNid, viewer: Viewer, id: string): void {
    this.#byEvent.set(nid, { device: deviceOf(viewer), id });
  }

  of(nid: EventNid, viewer: Viewer): string | undefined {
    const echo = this.#byEvent.get(nid);
    return echo?.device === deviceOf(viewer) ? echo.id : undefined;
  }
}

const deviceOf = ({ userId, deviceId }: Viewer): string => `${userId} ${deviceId}`;

/** For how long somebody may keep texts that he shares: an age in them is then this much too small at most. */
const MOMENT_MS = 5_000;

interface Text {
  /** But for its last member, `age`. */
  readonly text: string;
  /** What the event replaced, as it was when the text was made. */
  readonly before: StoredEvent | undefined;
}

/**
 * Events as clients read them, as JSON text.
 *
 * The text of an event is made once and is the same for everyone but the device that sent it. Only its age changes, by
 * which clients tell a call that rings from one that rang.
 */
export class ClientEvents {
  readonly #events: Events;
  readonly #echoes: TransactionEchoes;
  readonly #clock: Clock;
  readonly #texts = new WeakMap<StoredEvent, Text>();

  constructor(events: Events, echoes: TransactionEchoes, clock: Clock) {
    this.#events = events;
    this.#echoes = echoes;
    this.#clock = clock;
  }

  /** Whoever keeps texts keeps them for a moment only: they tell how old their events are. */
  get moment(): number {
    return Math.floor(this.#clock.now() / MOMENT_MS);
  }

  /** The texts of several events, in their order, without the room's id: a sync response names it above them. */
  async texts(stored: readonly StoredEvent[], viewer: Viewer): Promise<string[]> {
    const texts = await this.shared(stored);
    return stored.map((event, i) => this.#withEcho(event, texts[i] ?? '', viewer));
  }

  /** As `texts`, for anyone but the devices that sent these events. */
  async shared(stored: readonly StoredEvent[]): Promise<string[]> {
    const missing = stored.filter((event) => !this.#isFresh(event));
    if (missing.length > 0) await this.#make(missing);
    const now = this.#clock.now();
    return stored.map((event) => withUnsigned(this.#texts.get(event)?.text ?? '', 'age', now - event.event.sentAt));
  }

  /** As `texts`, with the room's id in each. */
  async full(stored: readonly StoredEvent[], viewer: Viewer): Promise<string[]> {
    const texts = await this.texts(stored, viewer);
    return texts.map((text, i) => `{"room_id":${JSON.stringify(stored[i]?.event.roomId)},${text.slice(1)}`);
  }

  /** A text repeats the state before it, which may have been redacted since. */
  #isFresh(event: StoredEvent): boolean {
    const made = this.#texts.get(event);
    if (made === undefined || event.replaces === undefined) return made !== undefined;
    return made.before?.redactedBy !== undefined || this.#events.cached(event.replaces) === made.before;
  }

  async #make(stored: readonly StoredEvent[]): Promise<void> {
    const related = stored.flatMap(({ replaces, redactedBy }) =>
      [replaces, redactedBy].filter((nid) => nid !== undefined),
    );
    const loaded = await this.#events.load([...new Set(related)]);
    for (const event of stored) {
      const unsigned = unsignedOf(event, loaded);
      const text = JSON.stringify(toClientEvent(shown(event), { withoutRoomId: true, unsigned }));
      this.#texts.set(event, { text, before: event.replaces === undefined ? undefined : loaded.get(event.replaces) });
    }
  }

  #withEcho(event: StoredEvent, text: string, viewer: Viewer): string {
    const id = event.event.sender === viewer.userId ? this.#echoes.of(event.nid, viewer) : undefined;
    return id === undefined ? text : withUnsigned(text, 'transaction_id', id);
  }
}

/** `unsigned` is always the last member, so that what is not the same for everybody or always can be slipped into it. */
const withUnsigned = (text: string, name: string, value: string | number): string => {
  const separator = text.endsWith('"unsigned":{}}') ? '' : ',';
  return `${text.slice(0, -2)}${separator}"${name}":${JSON.stringify(value)}}}`;
};

/** What is left of the event, if it has been redacted. */
export const shown = ({ event, redactedBy }: StoredEvent): Event =>
  redactedBy === undefined ? event : redactEvent(event);

const unsignedOf = ({ replaces, redactedBy }: StoredEvent, loaded: ReadonlyMap<EventNid, StoredEvent>): JsonObject => {
  const before = replaces === undefined ? undefined : loaded.get(replaces);
  const redaction = redactedBy === undefined ? undefined : loaded.get(redactedBy);
  return {
    ...(before && {
      prev_content: shown(before).content,
      prev_sender: before.event.sender,
      replaces_state: before.event.eventId,
    }),
    ...(redaction && { redacted_because: toClientEvent(redaction.event) }),
  };
};
