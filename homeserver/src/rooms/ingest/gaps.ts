import type { EventId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { type EventNid, isOfRoom, type StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import { type Follower, gapsStore } from './gaps.store.ts';
import type { KnownEvents } from './known-events.ts';
import type { StepStates } from './step-states.ts';

/** Gaps that an event takes over from refused ones before it. */
const MAX_INHERITED = 20;
/** Events that take over the gaps of a refused one after them. */
const MAX_HEIRS = 20;

export interface GapsOf {
  readonly change: Change;
  readonly known: KnownEvents;
  readonly states: StepStates;
}

/** What is missing before the events of a room, as a step fills it and leaves it. */
export class Gaps {
  readonly #db: Database;
  readonly #of: GapsOf;
  readonly #followers: ReadonlyMap<EventId, readonly Follower[]>;

  /** `followers`: what follows those of the step's events that were missing. */
  constructor(db: Database, of: GapsOf, followers: ReadonlyMap<EventId, readonly Follower[]>) {
    this.#db = db;
    this.#of = of;
    this.#followers = followers;
  }

  /** An event has its place: nobody misses it any more. */
  fill(id: EventId): void {
    if (this.#followers.has(id)) this.#of.change.filled.push(id);
  }

  /** Which of what has been filled is followed by events that were rejected without it. */
  get filledBeforeRejected(): EventId[] {
    return this.#of.change.filled.filter((id) => this.#followers.get(id)?.some(({ status }) => status === 'rejected'));
  }

  /**
   * What is missing before an event. What is missing before refused events that it follows is missing before it, too:
   * these stand in no timeline, so that nobody would look for it from there.
   */
  async before(prevEvents: readonly EventId[], known: ReadonlyMap<EventId, StoredEvent>): Promise<EventId[]> {
    const missing = prevEvents.filter((id) => known.get(id)?.snapshot === undefined);
    const unseen = prevEvents.flatMap((id): EventNid[] => {
      const prev = known.get(id);
      return prev?.snapshot !== undefined && prev.ord === undefined ? [prev.nid] : [];
    });
    if (unseen.length === 0) return missing;
    const here = this.#of.change.gaps.filter(([, child]) => unseen.includes(child)).map(([id]) => id);
    const filled = new Set(this.#of.change.filled);
    const stored = await gapsStore.before(this.#db, unseen, MAX_INHERITED);
    return [...new Set([...missing, ...here, ...stored])].filter((id) => !filled.has(id));
  }

  /**
   * What is missing before an event that comes late and stands in no timeline is missing before those that follow it
   * already, too: they must go on looking where it leads. The earliest ones are who history is asked from.
   */
  heirs(id: EventId): EventNid[] {
    const nids = (this.#followers.get(id) ?? []).map(({ nid }) => nid);
    return nids.sort((a, b) => a - b).slice(0, MAX_HEIRS);
  }

  /**
   * Whether the events that followed this one while it was missing say what it says: then it is no extremity, for they
   * come after it. Their states were another server's word, though; where that leaves out what this one brings, it takes
   * part in resolving the current state like any other fork.
   */
  async isAccountedFor(stored: StoredEvent): Promise<boolean> {
    const followers = (this.#followers.get(stored.event.eventId) ?? []).filter(({ status }) => isOfRoom(status));
    if (followers.length === 0) return false;
    const { states, known } = this.#of;
    const after = await states.afterEvent(stored);
    const events = await known.load(followers.map(({ nid }) => nid));
    return followers.every(({ nid }) => events.get(nid)?.snapshot === after);
  }
}
