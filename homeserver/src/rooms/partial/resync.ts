import type { EventId, ServerName } from '@holm/spec/ids';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../engine.ts';
import type { Admission } from '../ingest/admission.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { RemoteRooms, StateSource } from '../ingest/ports.ts';
import type { Room } from '../room.ts';
import { missingAuthority } from './missing-authority.ts';
import type { Completion } from './completion.ts';
import type { PartialRoom } from './partial-room.ts';
import type { PartialRooms } from './partial-rooms.ts';
import { StateIntake } from './state-intake.ts';

export interface ResyncDeps {
  readonly rooms: RoomEngine['rooms'];
  readonly membersOf: RoomEngine['membersOf'];
  readonly states: RoomEngine['states'];
  readonly events: RoomEngine['events'];
  readonly partial: PartialRooms;
  readonly remote: Pick<RemoteRooms, 'state'>;
  readonly admission: Admission;
  readonly ingest: Ingest;
  readonly completion: Completion;
  readonly background: Background;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_ATTEMPTS_TO_COMPLETE = 5;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Servers asked in one round. */
const MAX_SERVERS = 10;

interface Attempt {
  /** The full state, where it need not be fetched. */
  readonly given?: StateSource | undefined;
  /** Until the next one, if this one fails. */
  readonly pauseMs: number;
  readonly round: number;
}

/** The one that let us in every time, and each time others besides: any of them may be gone for good. */
const askedInRound = ([resident, ...others]: readonly ServerName[], round: number): ServerName[] => {
  if (resident === undefined) return [];
  const from = others.length === 0 ? 0 : (round * (MAX_SERVERS - 1)) % others.length;
  return [resident, ...[...others.slice(from), ...others.slice(0, from)].slice(0, MAX_SERVERS - 1)];
};

/** Fetches what is missing of rooms that were joined with a part of their state, until all of it is there. */
export class Resync implements Disposable {
  readonly #deps: ResyncDeps;
  readonly #stop = new AbortController();

  constructor(deps: ResyncDeps) {
    this.#deps = deps;
  }

  /** Takes up what the last run did not finish. */
  resume(): void {
    for (const room of this.#deps.partial.all()) this.start(room);
  }

  /** `given`: the full state, where the server that let us in gave it at once. Disposed of when it has been read. */
  start(room: PartialRoom, given?: StateSource): void {
    this.#attempt(room, { given, pauseMs: FIRST_PAUSE_MS, round: 0 });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  #attempt(partial: PartialRoom, { given, pauseMs, round }: Attempt) {
    const { background, clock, log } = this.#deps;
    background.run('complete the state of a room', async () => {
      await using stack = new AsyncDisposableStack();
      if (given) stack.use(given);
      if (this.#stop.signal.aborted || (await this.#byAnyServer(partial, { given, round }))) return;
      log.warn('nobody gave the state of a room that was joined; asking again later', {
        room: partial.roomNid,
        pauseMs,
      });
      // Not as part of this work: a stop waits for what is being worked on, not for what only waits.
      void clock.sleep(pauseMs, this.#stop.signal).then(() => {
        this.#attempt(partial, { pauseMs: Math.min(2 * pauseMs, LONGEST_PAUSE_MS), round: round + 1 });
      });
    });
  }

  /** Whether nothing is left to do: the room is known in full, or has been left. */
  async #byAnyServer(partial: PartialRoom, { given, round }: Pick<Attempt, 'given' | 'round'>): Promise<boolean> {
    const { rooms, membersOf, remote, log } = this.#deps;
    for (const server of askedInRound(partial.servers, round)) {
      const room = await rooms.byNid(partial.roomNid);
      const isCurrent = this.#deps.partial.get(partial.roomNid)?.joinId === partial.joinId;
      if (!isCurrent) return true;
      // Also where the process ended before the join was written.
      if (!room?.head || (await membersOf(room)).local.size === 0) {
        await this.#deps.partial.remove(partial);
        return true;
      }
      if (this.#stop.signal.aborted) return false;
      try {
        await using told = given ?? (await remote.state(server, room.roomId, partial.joinId));
        await this.#take(room, partial, told);
        log.info('a room is known in full now', { roomId: room.roomId, server });
        return true;
      } catch (err) {
        given = undefined;
        log.info('a server did not give the state of a room', { roomId: room.roomId, server, err });
      }
    }
    return false;
  }

  async #take(room: Room, partial: PartialRoom, told: StateSource): Promise<void> {
    const { ids, singles } = await new StateIntake(this.#deps, room).take(told);
    await this.#assertSame(room, ids);
    await this.#assertAuthority(partial, singles);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS_TO_COMPLETE; attempt++) {
      if (await this.#deps.completion.complete(partial, ids)) return;
    }
    throw new Error(`room ${room.roomId} moved on ${MAX_ATTEMPTS_TO_COMPLETE} times while its state was completed`);
  }

  /** By such a state we would take back our own join. */
  async #assertAuthority({ joinId }: PartialRoom, singles: ReadonlySet<string>): Promise<void> {
    const { events } = this.#deps;
    const join = await events.byId(joinId);
    const authEvents = [...(await events.byIds(join?.event.authEvents ?? [])).values()].map(({ event }) => event);
    const lacking = missingAuthority(authEvents, singles);
    if (lacking !== undefined) throw new Error(`its state has no ${lacking}, which the join rests on`);
  }

  /** A state without what decides everything else cannot be that of the room. */
  async #assertSame(room: Room, ids: readonly EventId[]): Promise<void> {
    if (!room.head) return;
    const create = await this.#deps.states.get(room, room.head.snapshot, ['m.room.create', '']);
    if (create && !ids.includes(create.event.eventId)) throw new Error('its state is not that of the room');
  }
}
