import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Admission } from '../ingest/admission.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { unknownIds } from '../ingest/missing/unknown.ts';
import type { RemoteState, StateSource } from '../ingest/ports.ts';
import type { Events } from '../events.ts';
import type { Room } from '../room.ts';
import { typeOfSingle } from './missing-authority.ts';
import { WaitingEvents } from './waiting-events.ts';

export interface StateIntakeDeps {
  readonly admission: Admission;
  readonly ingest: Pick<Ingest, 'enter'>;
  readonly events: Events;
}

/** PDUs whose form, signatures and hashes are checked at a time, and outliers that are placed at a time. */
const CHECKED_AT_ONCE = 50;
const PLACED_AT_ONCE = 100;
/** Events that wait for others. Those that come after them are read once more when these are there. */
const MOST_WAITING = 1_000;

/** What is kept of a state while its events are stored. */
export interface TakenState {
  /** Of its events, as far as they are any of this room. Not all of them could be stored. */
  readonly ids: readonly EventId[];
  /** The types of state that it has one of. */
  readonly singles: ReadonlySet<string>;
}

/** Stores the events of a state of any size as outliers. Of what it is read from, hardly more than a few are held at a time. */
export class StateIntake {
  readonly #deps: StateIntakeDeps;
  readonly #room: Room;
  readonly #ids = new Set<EventId>();
  readonly #singles = new Set<string>();
  #stored = 0;

  constructor(deps: StateIntakeDeps, room: Room) {
    this.#deps = deps;
    this.#room = room;
  }

  async take(source: StateSource): Promise<TakenState> {
    for (let isOver = false; !isOver;) {
      const before = this.#stored;
      const waiting = new WaitingEvents(MOST_WAITING);
      // What others rest on comes first.
      await this.#read(source, 'authChain', waiting);
      await this.#read(source, 'state', waiting);
      isOver = waiting.leftOut === 0 || this.#stored === before;
    }
    return { ids: [...this.#ids], singles: this.#singles };
  }

  async #read(source: StateSource, of: keyof RemoteState, waiting: WaitingEvents): Promise<void> {
    let batch: unknown[] = [];
    const admit = async (): Promise<void> => {
      const ids = await this.#admit(batch, waiting);
      if (of === 'state') for (const id of ids) this.#ids.add(id);
      batch = [];
    };
    await source.read(of, async (pdu) => {
      const single = of === 'state' ? typeOfSingle(pdu) : undefined;
      if (single !== undefined) this.#singles.add(single);
      if (batch.push(pdu) === CHECKED_AT_ONCE) await admit();
    });
    await admit();
  }

  /** Checks 1 to 3; those that pass are stored as soon as what they rest on is. Their ids, and of those that were stored already. */
  async #admit(raw: readonly unknown[], waiting: WaitingEvents): Promise<EventId[]> {
    const { admission, events } = this.#deps;
    const options = { limitReferences: false, skipStored: true };
    const { events: admitted, stored } = await admission.admit(this.#room, raw, options);
    const restOn = admitted.flatMap(({ authEvents }) => authEvents);
    const unknown = await unknownIds(events, restOn, new Map(), 'connected');
    await this.#place(waiting.next(admitted, stored, new Set(unknown)));
    return [...stored, ...admitted.map(({ eventId }) => eventId)];
  }

  async #place(outliers: readonly Event[]): Promise<void> {
    for (let at = 0; at < outliers.length; at += PLACED_AT_ONCE) {
      const some = outliers.slice(at, at + PLACED_AT_ONCE);
      await this.#deps.ingest.enter(this.#room, {
        events: [],
        outliers: some,
        stated: new Map(),
        forward: false,
        isBulk: true,
      });
    }
    this.#stored += outliers.length;
  }
}
