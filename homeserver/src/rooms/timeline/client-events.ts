import type { UserId, DeviceId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { toClientEvent } from '../../core/events/client-format.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Membership } from '../../core/events/membership.ts';
import type { Event } from '../../core/events/event.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Events } from '../events.ts';
import type { StickyEvents } from '../sticky/sticky-events.ts';
import type { EventNid, StoredEvent } from '../model.ts';

/** The device whose request made an event; only it is told the request's transaction id. */
export interface Viewer {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

const REMEMBERED_TRANSACTIONS = 20_000;
/** As many as are read back at a start; see `features/delayed-events`. */
export const REMEMBERED_DELAYS = 20_000;

/** Which client requests became which events, for as long as their senders may be waiting to see them. */
export class TransactionEchoes {
  readonly #byEvent = new LRUCache<EventNid, Viewer & { readonly id: string }>(atMost(REMEMBERED_TRANSACTIONS));

  readonly #delays = new LRUCache<EventNid, string>(atMost(REMEMBERED_DELAYS));

  sent(nid: EventNid, { userId, deviceId }: Viewer, id: string): void {
    this.#byEvent.set(nid, { userId, deviceId, id });
  }

  of(nid: EventNid, viewer: Viewer): string | undefined {
    const echo = this.#byEvent.get(nid);
    return echo?.userId === viewer.userId && echo.deviceId === viewer.deviceId ? echo.id : undefined;
  }

  /** An event came of a delayed one. */
  delayed(nid: EventNid, delayId: string): void {
    this.#delays.set(nid, delayId);
  }

  delayOf(nid: EventNid): string | undefined {
    return this.#delays.get(nid);
  }
}

/** For how long somebody may keep texts that he shares: an age in them is then this much too small at most. */
const MOMENT_MS = 5_000;

interface Text {
  /** All that is the same for everybody and always, up to and without the end of `unsigned`. */
  readonly start: string;
  /** Of what the event replaced, for those who may see that: members of `unsigned`. */
  readonly previous: string;
  /** What the event replaced, as it was when the text was made. */
  readonly before: StoredEvent | undefined;
}

/** What of an event depends on who reads it. */
export interface Dress {
  /** Whether the reader may see what a state event replaced. */
  readonly previous?: boolean;
  /** What the reader was in the room when the event happened. */
  readonly membership?: Membership | undefined;
  /** What other events say about this one, as JSON text. */
  readonly relations?: string | undefined;
}

export type DressOf = (event: StoredEvent) => Dress;

const BARE: DressOf = () => ({});

/**
 * Events as clients read them, as JSON text.
 *
 * The text of an event is made once and is the same for everyone, but for the end of `unsigned`. There are its age, by
 * which clients tell a call that rings from one that rang, and whatever its reader alone is told.
 */
export class ClientEvents {
  readonly #events: Events;
  readonly #echoes: TransactionEchoes;
  readonly #sticky: StickyEvents;
  readonly #clock: Clock;
  readonly #texts = new WeakMap<StoredEvent, Text>();

  constructor(
    events: Events,
    { echoes, sticky }: { readonly echoes: TransactionEchoes; readonly sticky: StickyEvents },
    clock: Clock,
  ) {
    this.#events = events;
    this.#echoes = echoes;
    this.#sticky = sticky;
    this.#clock = clock;
  }

  /** Whoever keeps texts keeps them for a moment only: they tell how old their events are. */
  get moment(): number {
    return Math.floor(this.#clock.now() / MOMENT_MS);
  }

  /** The texts of several events, in their order, without the room's id: a sync response names it above them. */
  texts(stored: readonly StoredEvent[], viewer: Viewer, dressOf: DressOf = BARE): Promise<string[]> {
    return this.#write(stored, dressOf, viewer);
  }

  /** As `texts`, for anyone but the devices that sent these events. */
  shared(stored: readonly StoredEvent[], dressOf: DressOf = BARE): Promise<string[]> {
    return this.#write(stored, dressOf, undefined);
  }

  /** As `texts`, with the room's id in each. */
  async full(stored: readonly StoredEvent[], viewer: Viewer, dressOf: DressOf = BARE): Promise<string[]> {
    const texts = await this.texts(stored, viewer, dressOf);
    return texts.map((text, i) => `{"room_id":${JSON.stringify(stored[i]?.event.roomId)},${text.slice(1)}`);
  }

  async #write(stored: readonly StoredEvent[], dressOf: DressOf, viewer: Viewer | undefined): Promise<string[]> {
    const missing = stored.filter((event) => !this.#isFresh(event));
    if (missing.length > 0) await this.#make(missing);
    const now = this.#clock.now();
    return stored.map((event) => {
      const { start, previous } = this.#texts.get(event) ?? NOTHING;
      const { previous: withPrevious, membership, relations } = dressOf(event);
      return (
        `${start}"age":${now - event.event.sentAt}${this.#sticky.remaining(event)}${withPrevious ? previous : ''}` +
        (membership === undefined ? '' : `,"membership":"${membership}"`) +
        (relations === undefined ? '' : `,"m.relations":${relations}`) +
        `${this.#echoTo(event, viewer)}}}`
      );
    });
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
      const before = event.replaces === undefined ? undefined : loaded.get(event.replaces);
      const unsigned = unsignedOf(event, loaded);
      // `unsigned` is the last member, so that what differs can be put behind it.
      const text = JSON.stringify(toClientEvent(shown(event), { withoutRoomId: true, unsigned }));
      const start = `${text.slice(0, -2)}${text.endsWith('"unsigned":{}}') ? '' : ','}`;
      this.#texts.set(event, { start, previous: previousOf(before), before });
    }
  }

  /** Members of `unsigned` that only the sender is told: the transaction only on the device that sent it. */
  #echoTo({ event, nid }: StoredEvent, viewer: Viewer | undefined): string {
    if (event.sender !== viewer?.userId) return '';
    const id = this.#echoes.of(nid, viewer);
    const delay = this.#echoes.delayOf(nid);
    return (
      (id === undefined ? '' : `,"transaction_id":${JSON.stringify(id)}`) +
      (delay === undefined ? '' : `,"delay_id":"${delay}","org.matrix.msc4140.delay_id":"${delay}"`)
    );
  }
}

const NOTHING: Text = { start: '{"unsigned":{', previous: '', before: undefined };

/** What is left of the event, if it has been redacted. */
export const shown = ({ event, redactedBy }: StoredEvent): Event =>
  redactedBy === undefined ? event : redactEvent(event);

const previousOf = (before: StoredEvent | undefined): string =>
  before === undefined
    ? ''
    : `,"prev_content":${JSON.stringify(shown(before).content)},"prev_sender":${JSON.stringify(before.event.sender)}`;

const unsignedOf = ({ replaces, redactedBy }: StoredEvent, loaded: ReadonlyMap<EventNid, StoredEvent>): JsonObject => {
  const before = replaces === undefined ? undefined : loaded.get(replaces);
  const redaction = redactedBy === undefined ? undefined : loaded.get(redactedBy);
  return {
    ...(before && { replaces_state: before.event.eventId }),
    ...(redaction && { redacted_because: toClientEvent(redaction.event) }),
  };
};
