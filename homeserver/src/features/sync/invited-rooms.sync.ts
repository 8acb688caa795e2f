import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { strippedState } from '../../core/events/client-format.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import { membersStore } from '../../rooms/members/members.store.ts';
import type { Member } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import { eventsOf, type JsonText, objectOf } from './json-text.ts';
import type { View } from './view.sync.ts';

/** https://spec.matrix.org/latest/client-server-api/#stripped-state: what outsiders may know of a room. */
const SHOWN = [
  'm.room.create',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.encryption',
].map((type) => [type, ''] as const);

/** What a sync says of a room that its user is invited to, or has asked to be let into. */
export class InvitedRooms {
  readonly #db: Database;
  readonly #engine: RoomEngine;

  constructor(db: Database, engine: RoomEngine) {
    this.#db = db;
    this.#engine = engine;
  }

  async section(view: View, room: Room, member: Member): Promise<JsonText> {
    const texts = await this.stripped(view, room, member);
    return objectOf({ [member.membership === 'knock' ? 'knock_state' : 'invite_state']: eventsOf(texts) });
  }

  /** What somebody may know of a room that they are not in, with their own membership. */
  async stripped(view: Pick<View, 'upTo'>, room: Room, member: Member): Promise<JsonText[]> {
    const own = await this.#engine.events.byNid(member.eventNid);
    const told = (await this.#isHere(room))
      ? await this.#fromState(view, room, own?.event.sender)
      : await this.#fromOthers(room, member);
    const texts = told.filter((event) => !isMemberEvent(event, member) || !own).map((event) => JSON.stringify(event));
    if (own) texts.push(JSON.stringify(strippedState(own.event)));
    return texts;
  }

  /** What we have of a room that all of our users have left is out of date. */
  async #isHere(room: Room): Promise<boolean> {
    const { serverName } = this.#engine;
    return room.head !== undefined && (await this.#engine.membersOf(room)).servers.has(serverName);
  }

  /** Clients say who invites by the name in that user's own membership. */
  async #fromState(
    { upTo }: Pick<View, 'upTo'>,
    room: Room,
    sender: UserId | undefined,
  ): Promise<readonly JsonObject[]> {
    const keys = sender === undefined ? SHOWN : [...SHOWN, ['m.room.member', sender] as const];
    const view = await this.#engine.states.view(room, await this.#engine.stateLogs.at(room, upTo), keys);
    return [...view.values()].map(({ event }) => strippedState(event));
  }

  /** This server is not in the room: it knows what it was told with the invite. */
  async #fromOthers(room: Room, { userId }: Member): Promise<readonly JsonObject[]> {
    const outside = await membersStore.outside(this.#db, userId);
    const stripped = outside.find(({ roomNid }) => roomNid === room.nid)?.stripped;
    return stripped === undefined ? [] : (JSON.parse(stripped) as JsonObject[]);
  }
}

const isMemberEvent = (event: JsonObject, { userId }: Member): boolean =>
  event['type'] === 'm.room.member' && event['state_key'] === userId;
