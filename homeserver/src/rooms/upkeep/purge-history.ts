import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../engine.ts';
import type { Room } from '../room.ts';
import type { Outcome, Shift } from './jobs.ts';
import type { Job } from './job.ts';
import type { Bound, MessagePurge } from './messages.ts';
import { messagesStore } from './messages.store.ts';

export interface HistoryPurgeDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly messages: MessagePurge;
}

const BOTTOM = Number.MIN_SAFE_INTEGER;

/** Removes a room's messages from before an event or a time, because an administrator wants it so. */
export class HistoryPurge {
  readonly #deps: HistoryPurgeDeps;

  constructor(deps: HistoryPurgeDeps) {
    this.#deps = deps;
  }

  work = async (job: Job, shift: Shift): Promise<Outcome> => {
    const { db, engine } = this.#deps;
    const room = await engine.rooms.byId(job.roomId);
    if (!room?.head) return 'done';
    const bound = boundOf(job);
    if ('time' in bound) {
      await messagesStore.raiseFloor(db, room.nid, bound.time);
      engine.rooms.drop(room.nid);
    }
    const removed = await this.#shown({ job, room, bound }, shift);
    if ('time' in bound) await shift.report({ removed: removed + (await this.#hidden(room, bound.time)) });
    return 'done';
  };

  /** What stands in the timeline. */
  async #shown({ job, room, bound }: { job: Job; room: Room; bound: Bound }, shift: Shift): Promise<number> {
    let removed = Number(job.progress['removed'] ?? 0);
    for (let place: number | undefined = Number(job.progress['place'] ?? BOTTOM); place !== undefined;) {
      const done = await this.#deps.messages.window(room.nid, place, bound);
      removed += done.removed;
      place = 'place' in bound && done.oldestLeft !== undefined ? undefined : done.next;
      await shift.report({ removed, ...(place !== undefined && { place }) });
    }
    return removed;
  }

  async #hidden(room: Room, time: number): Promise<number> {
    let removed = 0;
    for (let some = 1; some > 0; removed += some) some = await this.#deps.messages.hidden(room.nid, time);
    return removed;
  }
}

const boundOf = ({ options }: Job): Bound =>
  typeof options['before_place'] === 'number'
    ? { place: options['before_place'] }
    : { time: Number(options['before_ts'] ?? 0) };
