import { type ServerName, serverOf } from '@holm/spec/ids';
import { canonicalAliasOf, membershipOf, roomNameOf } from '../../core/events/content.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import { membersStore } from '../../rooms/members/members.store.ts';
import type { EventNid, Head, SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import type { StateTexts } from '../room-exchange/index.ts';

const NAME = ['m.room.name', ''] as const;
const ALIAS = ['m.room.canonical_alias', ''] as const;

export interface JoinAnswer {
  /** The state before the join; without most members where these are `omitted`. */
  readonly state: readonly EventNid[];
  readonly authChain: readonly EventNid[];
  readonly omitted: boolean;
  /** The servers that were in the room before the join. */
  readonly servers: readonly ServerName[];
}

export interface JoinAnswersDeps {
  readonly engine: RoomEngine;
  readonly db: Database;
  readonly texts: Pick<StateTexts, 'of' | 'chainOf'>;
  /** Rooms with fewer members are told whole: then the joining server need not ask again. */
  readonly omitMembersFrom: number;
}

type KnownRoom = Room & { readonly head: Head };

/** What a server that has just joined needs to take part. */
export class JoinAnswers {
  readonly #deps: JoinAnswersDeps;

  constructor(deps: JoinAnswersDeps) {
    this.#deps = deps;
  }

  /** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv2send_joinroomideventid */
  async to(join: StoredEvent, { omitMembers = false } = {}): Promise<JoinAnswer> {
    const { rooms } = this.#deps.engine;
    const room = await rooms.byNid(join.roomNid);
    if (!room?.head || join.snapshot === undefined) {
      throw new Error(`the join ${join.event.eventId} has no place in a room`);
    }
    const known = room as KnownRoom;
    const servers = await this.#serversBefore(known, join);
    const omitted = omitMembers && (await this.#isLarge(known));
    const state = omitted
      ? await this.#withoutMembers(known, join, join.snapshot)
      : (await this.#deps.engine.tries.entries(join.snapshot)).map(([, nid]) => nid);
    const chain = await this.#deps.texts.chainOf(room, [...state, join.nid]);
    if (!omitMembers) return { state, authChain: chain, omitted, servers };
    // Who accepts less needs nothing twice.
    const told = new Set(state);
    return { state, authChain: chain.filter((nid) => !told.has(nid)), omitted, servers };
  }

  async #isLarge(room: Room): Promise<boolean> {
    const { servers } = await this.#deps.engine.membersOf(room);
    return [...servers.values()].reduce((sum, joined) => sum + joined, 0) >= this.#deps.omitMembersFrom;
  }

  /** All state but members; of these the joining user, and whom a room without a name is named by. */
  async #withoutMembers(room: KnownRoom, { event }: StoredEvent, snapshot: SnapshotId): Promise<EventNid[]> {
    const { tries, states } = this.#deps.engine;
    const nids = await tries.lookup(snapshot, await room.keys.withoutMembers(room.head.nextKey));
    const heroes = (await this.#isNamed(room, snapshot))
      ? []
      : ((await membersStore.heroes(this.#deps.db, [room.nid], event.sender)).get(room.nid) ?? []);
    const members = [event.sender, ...heroes].map((user) => ['m.room.member', user] as const);
    const told = await states.view(room, snapshot, members);
    return [...new Set([...nids.values(), ...[...told.values()].map(({ nid }) => nid)])];
  }

  async #isNamed(room: Room, snapshot: SnapshotId): Promise<boolean> {
    const view = await this.#deps.engine.states.view(room, snapshot, [NAME, ALIAS]);
    const name = roomNameOf(view.get(stateKey(...NAME))?.event.content) ?? '';
    return name !== '' || (canonicalAliasOf(view.get(stateKey(...ALIAS))?.event.content) ?? '') !== '';
  }

  async #serversBefore(room: Room, { event, replaces }: StoredEvent): Promise<ServerName[]> {
    const { engine } = this.#deps;
    const { servers } = await engine.membersOf(room);
    const own = serverOf(event.sender);
    const before = replaces === undefined ? undefined : await engine.events.byNid(replaces);
    const isFirst = servers.get(own) === 1 && (before === undefined || membershipOf(before.event) !== 'join');
    return [...servers.keys()].filter((server) => server !== own || !isFirst);
  }
}
