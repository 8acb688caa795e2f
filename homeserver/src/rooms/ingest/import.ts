import type { RoomId, ServerName } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import { roomVersionIdOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../engine.ts';
import type { RoomIdentity, RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import { missingAuthority, typeOfSingle } from '../partial/missing-authority.ts';
import type { PartialRoom } from '../partial/partial-room.ts';
import type { PartialRooms } from '../partial/partial-rooms.ts';
import type { Resync } from '../partial/resync.ts';
import type { Admission } from './admission.ts';
import type { Ingest } from './ingest.ts';
import { byAuthEvents } from './order.ts';
import type { StateSource } from './ports.ts';
import type { ToldState } from './told-state.ts';

export interface JoinedRoom {
  readonly roomId: RoomId;
  readonly version: RoomVersion;
  /** Our user's join, as the resident server has accepted it. */
  readonly join: Event;
  /** The state before the join, as it has been told. */
  readonly before: ToldState;
  /** All of it, where `before` is cut short. Disposed of when it has been read. */
  readonly all?: StateSource | undefined;
  readonly resident: ServerName;
  /** The servers in the room, where most members have been left out of the state. */
  readonly servers?: readonly ServerName[] | undefined;
}

export interface ImportDeps {
  readonly db: Database;
  readonly rooms: Rooms;
  readonly admission: Admission;
  readonly ingest: Ingest;
  readonly membersOf: RoomEngine['membersOf'];
  readonly partial: PartialRooms;
  readonly resync: Pick<Resync, 'start'>;
}

/** Takes over a room that one of our users has joined through another server. */
export class RoomImport {
  readonly #deps: ImportDeps;
  /** One join of a room at a time: the second finds that somebody of ours is there. */
  readonly #joining = new KeyedQueue<RoomNid>();

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  /** Throws M_UNKNOWN (502) when what the resident server says does not make a room that has our user in it. */
  async import(joined: JoinedRoom): Promise<void> {
    const { db, rooms, membersOf } = this.#deps;
    await using stack = new AsyncDisposableStack();
    if (joined.all) stack.use(joined.all);
    const identity = await rooms.identify(db, joined.roomId, joined.version);
    const join = await this.#admitted(identity, joined);
    await this.#joining.run(identity.nid, async () => {
      const room = await rooms.byNid(identity.nid);
      const isHere = room?.head !== undefined && (await membersOf(room)).local.size > 0;
      if (room && isHere) await this.#receive(room, join, joined);
      else if (await this.#takeOver(identity, { ...joined, join })) stack.move();
    });
  }

  /** What the resident server has put its name under has to be what others will take. */
  async #admitted(identity: RoomIdentity, { join, resident }: JoinedRoom): Promise<Event> {
    const { events, refused } = await this.#deps.admission.admit(identity, [join.pdu]);
    const [admitted] = events;
    if (!admitted) throw badAnswer(resident, `nobody will take the join: ${refused.get(join.eventId) ?? 'malformed'}`);
    return admitted;
  }

  /**
   * Others of ours are in the room: we know it, and do not have it told anew by whoever somebody has chosen to join by.
   * The join is an event of the room like any other.
   */
  async #receive(room: Room, join: Event, { resident }: JoinedRoom): Promise<void> {
    const verdicts = await this.#deps.ingest.take(resident, room, [join], { forward: false });
    const verdict = verdicts.get(join.eventId);
    if (!verdict?.allowed) throw badAnswer(resident, verdict?.reason ?? 'the join was not taken in');
  }

  /** Whether what is left of the state is being read now. */
  async #takeOver(identity: RoomIdentity, joined: JoinedRoom): Promise<boolean> {
    const { rooms, partial, resync } = this.#deps;
    const { join, resident, before, all } = joined;
    const known = partial.get(identity.nid);
    if (known) await partial.remove(known); // of an earlier stay
    if (joined.servers === undefined && !before.isLarge) {
      await this.#enter(identity, joined);
      return false;
    }
    const room: PartialRoom = {
      roomNid: identity.nid,
      joinId: join.eventId,
      servers: [...new Set([resident, ...(joined.servers ?? before.servers)])].slice(0, MAX_SERVERS),
    };
    await partial.add(room);
    try {
      rooms.drop(identity.nid);
      await this.#enter(identity, joined);
    } catch (error) {
      await partial.remove(room);
      throw error;
    }
    resync.start(room, all);
    return true;
  }

  async #enter(identity: RoomIdentity, { version, join, resident, before }: JoinedRoom): Promise<void> {
    const { rooms, admission, ingest } = this.#deps;
    const options = { limitReferences: false };
    const { events: state } = await admission.admit(identity, before.state, options);
    checkCreate(state, version, resident);
    // Of a large state most is left out, and with it what only that rests on.
    const reach = { from: [join, ...state].flatMap(byAuthEvents), by: byAuthEvents };
    const { events: chain } = await admission.admit(identity, before.authChain, { ...options, reach });
    const lacking = missingAuthority(
      [...chain, ...state].filter(({ eventId }) => join.authEvents.includes(eventId)),
      new Set(before.state.flatMap((pdu) => typeOfSingle(pdu) ?? [])),
    );
    if (lacking !== undefined) throw badAnswer(resident, `the state has no ${lacking}, which the join rests on`);
    const room = await rooms.byNid(identity.nid);
    if (!room) throw new Error(`room ${identity.roomId} vanished while it was joined`);
    const verdicts = await ingest.enter(room, {
      events: [join],
      outliers: chain,
      stated: new Map([[join.eventId, { state, authChain: chain }]]),
      forward: false,
      resets: true,
    });
    const verdict = verdicts.get(join.eventId);
    if (!verdict?.allowed) throw badAnswer(resident, verdict?.reason ?? 'the join was not taken in');
  }
}

/** More servers than any room has, and fewer than a hostile one could name. */
const MAX_SERVERS = 20_000;

const checkCreate = (state: readonly Event[], version: RoomVersion, resident: ServerName): void => {
  const create = state.find(({ type, stateKey }) => type === 'm.room.create' && stateKey === '');
  if (!create) throw badAnswer(resident, 'the state has no create event');
  if (roomVersionIdOf(create.content) !== version.id) throw badAnswer(resident, 'the room has another version');
};

const badAnswer = (resident: ServerName, why: string): MatrixError =>
  new MatrixError('M_UNKNOWN', `${resident} let us in, but ${why}`, { status: 502 });
