import type { RoomId, ServerName } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import { roomVersionIdOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomIdentity } from '../model.ts';
import type { Rooms } from '../rooms.ts';
import type { Admission } from './admission.ts';
import type { Ingest } from './ingest.ts';
import type { RemoteState } from './ports.ts';

export interface JoinedRoom {
  readonly roomId: RoomId;
  readonly version: RoomVersion;
  /** Our user's join, as the resident server has accepted it. */
  readonly join: Event;
  /** The state before the join. */
  readonly before: RemoteState;
  readonly resident: ServerName;
}

export interface ImportDeps {
  readonly db: Database;
  readonly rooms: Rooms;
  readonly admission: Admission;
  readonly ingest: Ingest;
}

/** Takes over a room that one of our users has joined through another server. */
export class RoomImport {
  readonly #deps: ImportDeps;

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  /** Throws M_UNKNOWN (502) when what the resident server says does not make a room that has our user in it. */
  async import({ roomId, version, join, before, resident }: JoinedRoom): Promise<void> {
    const { db, rooms, admission, ingest } = this.#deps;
    const identity: RoomIdentity = await rooms.identify(db, roomId, version);
    const options = { limitReferences: false };
    const { events: chain } = await admission.admit(identity, before.authChain, options);
    const { events: state } = await admission.admit(identity, before.state, options);
    checkCreate(state, version, resident);
    const room = await rooms.byNid(identity.nid);
    if (!room) throw new Error(`room ${roomId} vanished while it was joined`);
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

const checkCreate = (state: readonly Event[], version: RoomVersion, resident: ServerName): void => {
  const create = state.find(({ type, stateKey }) => type === 'm.room.create' && stateKey === '');
  if (!create) throw badAnswer(resident, 'the state has no create event');
  if (roomVersionIdOf(create.content) !== version.id) throw badAnswer(resident, 'the room has another version');
};

const badAnswer = (resident: ServerName, why: string): MatrixError =>
  new MatrixError('M_UNKNOWN', `${resident} let us in, but ${why}`, { status: 502 });
