import type { EventId } from '@holm/spec/ids';
import type { AuthState } from '../../core/auth/auth-state.ts';
import { notificationLevel, powerLevelOf } from '../../core/auth/power-levels.ts';
import { historyVisibilityOf, relationOf } from '../../core/events/content.ts';
import { PushEvent } from '../../core/push/evaluate.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { authStateOf, type StateView } from '../../rooms/state/states.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { Database } from '../../storage/database.ts';
import { threadOf } from '../receipts/index.ts';
import { MAIN } from './backlog.ts';
import type { RoomSizes } from './room-sizes.service.ts';
import { type Speaking, unreadStore as store } from './unread.store.ts';

/** What of an event is the same for everybody whom it may notify. */
export interface Occasion {
  readonly push: PushEvent;
  readonly thread: string;
  /** What it speaks of, where that decides which thread it is in: until one of these is redacted. */
  readonly leansOn: readonly StoredEvent[];
  /** Whoever is in the room may see it. */
  readonly isOpen: boolean;
  readonly memberCount: number;
  /** That of nobody: to be filled in where the rules ask for it. */
  readonly displayName: undefined;
  readonly mayNotify: (key: string) => boolean;
  readonly decided: Map<string, number>;
}

/** What a state of a room decides, the same for all that is said in it. */
interface Setting {
  readonly snapshot: SnapshotId;
  readonly events: readonly StoredEvent[];
  readonly state: AuthState;
  readonly isOpen: boolean;
}

const NOTHING: readonly StoredEvent[] = [];
const VISIBILITY = ['m.room.history_visibility', ''] as const;
const KEYS = [VISIBILITY, ['m.room.power_levels', ''], ['m.room.create', '']] as const;

/** Works out once for all who are to be notified what they have in common. Forgotten with the event. */
export class Occasions {
  readonly #engine: RoomEngine;
  readonly #db: Database;
  readonly #sizes: RoomSizes;
  /** Of what has been redacted. */
  readonly #speaking = new WeakMap<StoredEvent, Promise<readonly Speaking[]>>();
  readonly #known = new WeakMap<StoredEvent, Occasion>();
  /** Many ask at the same moment: whoever an event wakes. */
  readonly #making = new WeakMap<StoredEvent, Promise<Occasion>>();
  /** The one that was asked for last: mostly, a room's state stays as it is while much is said. */
  readonly #settings = new WeakMap<Room, Setting>();

  constructor(engine: RoomEngine, db: Database, sizes: RoomSizes) {
    this.#engine = engine;
    this.#db = db;
    this.#sizes = sizes;
  }

  /** Without waiting, if all of them are at hand. */
  known(events: readonly StoredEvent[]): readonly Occasion[] | undefined {
    const known: Occasion[] = [];
    for (const event of events) {
      const occasion = this.#known.get(event);
      if (!occasion || !this.#isStill(occasion)) return undefined;
      known.push(occasion);
    }
    return known;
  }

  /** Whether whoever is in the room may see what is said in a state of it. */
  async isOpen(room: Room, snapshot: SnapshotId | undefined): Promise<boolean> {
    return snapshot !== undefined && isOpenIn(await this.#engine.states.view(room, snapshot, [VISIBILITY]));
  }

  /** What may have been in another thread before this was redacted. Asked once for all who follow the room. */
  movedWith(redacted: StoredEvent): Promise<readonly Speaking[]> {
    const known = this.#speaking.get(redacted);
    if (known) return known;
    const asked = store.speakingOf(this.#db, redacted.roomNid, redacted.event.eventId);
    this.#speaking.set(redacted, asked);
    asked.catch(() => this.#speaking.delete(redacted)); // whoever waits for it hears of it, too
    return asked;
  }

  async of(room: Room, events: readonly StoredEvent[]): Promise<readonly Occasion[]> {
    const memberCount = await this.#sizes.of(room);
    const settings = new Map<SnapshotId, Promise<Setting>>();
    const settingOf = (snapshot: SnapshotId): Promise<Setting> => {
      const known = settings.get(snapshot) ?? this.#settingOf(room, snapshot);
      settings.set(snapshot, known);
      return known;
    };
    return Promise.all(
      events.map(async (event) => {
        const known = this.#known.get(event);
        if (known && this.#isStill(known)) return known;
        const begun = this.#making.get(event);
        const joined = begun && (await begun);
        if (joined && this.#isStill(joined)) return joined;
        const making = this.#of(event, { memberCount, settingOf }).finally(() => this.#making.delete(event));
        this.#making.set(event, making);
        const occasion = await making;
        this.#known.set(event, occasion);
        return occasion;
      }),
    );
  }

  async #of(
    stored: StoredEvent,
    { memberCount, settingOf }: { memberCount: number; settingOf: (snapshot: SnapshotId) => Promise<Setting> },
  ): Promise<Occasion> {
    const { event, snapshot } = stored;
    const { state, isOpen } = snapshot === undefined ? UNKNOWN : await settingOf(snapshot);
    return {
      push: new PushEvent(event),
      ...(await this.#threadOf(stored)),
      isOpen,
      memberCount,
      displayName: undefined,
      decided: new Map(),
      mayNotify: (key) => powerLevelOf(event.sender, state) >= notificationLevel(state, key),
    };
  }

  async #settingOf(room: Room, snapshot: SnapshotId): Promise<Setting> {
    const last = this.#settings.get(room);
    if (last?.snapshot === snapshot && this.#areStill(last.events)) return last;
    const view = await this.#engine.states.view(room, snapshot, KEYS);
    const setting = { snapshot, events: [...view.values()], state: authStateOf(view), isOpen: isOpenIn(view) };
    this.#settings.set(room, setting);
    return setting;
  }

  #isStill({ leansOn }: Occasion): boolean {
    return this.#areStill(leansOn);
  }

  /** Not one of them has been redacted since. */
  #areStill(events: readonly StoredEvent[]): boolean {
    return events.every((stored) => this.#engine.events.cached(stored.nid) === stored);
  }

  async #threadOf({ event }: StoredEvent): Promise<Pick<Occasion, 'thread' | 'leansOn'>> {
    const relation = relationOf(event.content);
    if (relation === undefined) return { thread: MAIN, leansOn: NOTHING };
    if (relation.type === 'm.thread') return { thread: relation.target, leansOn: NOTHING };
    const { events } = this.#engine;
    const leansOn: StoredEvent[] = [];
    const thread = await threadOf(event.eventId, async (id: EventId) => {
      if (id === event.eventId) return event.content;
      const parent = await events.byId(id);
      if (parent) leansOn.push(parent);
      return parent?.event.content;
    });
    return { thread, leansOn };
  }
}

/** Of what was said where the state is not known. */
const UNKNOWN: Pick<Setting, 'state' | 'isOpen'> = { state: () => undefined, isOpen: false };

const isOpenIn = (view: StateView): boolean => {
  const visibility = historyVisibilityOf(view.get(stateKey(...VISIBILITY))?.event.content);
  return visibility === 'shared' || visibility === 'world_readable';
};
