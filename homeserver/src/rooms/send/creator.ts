import { type RoomId, RoomId as RoomIds, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { buildEvent } from '../../core/events/build.ts';
import type { Event } from '../../core/events/event.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';
import { token } from '../../platform/entropy.ts';
import type { Database } from '../../storage/database.ts';
import { EMPTY_HEAD } from '../model.ts';
import type { Room } from '../room.ts';
import { Change } from '../write/change.ts';
import { Chain, newEventId } from './chain.ts';
import type { Draft } from './draft.ts';
import type { SenderDeps } from './sender.ts';

export interface NewRoom {
  readonly version: RoomVersion;
  readonly creator: UserId;
  /** The content of the create event, but for `room_version` and `creator`. */
  readonly create: JsonObject;
  /** The events that follow the create event, in order, beginning with the creator's join. */
  readonly drafts: (roomId: RoomId) => readonly Draft[];
  /** Runs when all events have been allowed, before they are written: the last chance to fail. */
  readonly before?: ((roomId: RoomId) => Promise<void>) | undefined;
}

export interface CreatorDeps extends SenderDeps {
  readonly db: Database;
}

/** Creates rooms: all their first events are written together, or the room does not exist. */
export class Creator {
  readonly #deps: CreatorDeps;
  #lastCreatedAt = 0;

  constructor(deps: CreatorDeps) {
    this.#deps = deps;
  }

  async create(wanted: NewRoom): Promise<Room> {
    const { db, rooms, committer } = this.#deps;
    const create = this.#createEvent(wanted);
    const identity = await rooms.identify(db, create.roomId, wanted.version);
    const room = rooms.make(identity, EMPTY_HEAD, 'new');
    const change = new Change(room, EMPTY_HEAD);
    const chain = new Chain(this.#deps, change);
    try {
      await chain.addCreate(create);
      for (const draft of wanted.drafts(create.roomId)) await chain.add(draft);
      await wanted.before?.(create.roomId);
    } catch (error) {
      committer.abandon(change, chain.positions);
      throw error;
    }
    if (!(await committer.commit(change, chain.positions))) throw new Error(`room ${create.roomId} exists already`);
    rooms.add(room);
    return room;
  }

  #createEvent({ version, creator, create }: NewRoom): Event {
    const { clock, entropy, signer } = this.#deps;
    const { server } = signer;
    // Where the room is named by the hash of this event, two of one user in one millisecond would be one room.
    this.#lastCreatedAt = Math.max(clock.now(), this.#lastCreatedAt + 1);
    return buildEvent(
      {
        version,
        roomId: version.roomIds === 'create hash' ? undefined : RoomIds.parse(`!${token(entropy, 18)}:${server}`),
        eventId: version.eventIds === 'supplied' ? newEventId(entropy, server) : undefined,
        type: 'm.room.create',
        sender: creator,
        stateKey: '',
        content: { ...create, room_version: version.id, ...(version.auth.creator === 'content' && { creator }) },
        prevEvents: [],
        authEvents: [],
        depth: 1,
        sentAt: this.#lastCreatedAt,
      },
      signer,
    );
  }
}
