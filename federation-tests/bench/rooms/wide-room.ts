import { buildEvent } from '@holm/homeserver/core/events/build';
import type { Event, StateEvent } from '@holm/homeserver/core/events/event';
import { roomVersion } from '@holm/homeserver/core/rooms/room-version';
import type { RoomEngine } from '@holm/homeserver/rooms/engine';
import { EMPTY_HEAD, type Head, type SnapshotId, type StoredEvent } from '@holm/homeserver/rooms/model';
import type { Room } from '@holm/homeserver/rooms/room';
import { Change } from '@holm/homeserver/rooms/write/change';
import type { Position } from '@holm/homeserver/streams/stream';
import { type EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { LocalEngine } from './local-engine.ts';

/** What an event of state says. */
export interface Wish {
  readonly type: string;
  readonly stateKey: string;
  readonly sender?: UserId;
  readonly content: JsonObject;
}

const AUTHORITY = ['m.room.create', 'm.room.power_levels', 'm.room.join_rules'];
const IDS_AT_HAND = 1_000;

/**
 * A room of any size, made without asking anybody: its events are built, placed and written by the engine's own
 * parts, and only the rules are not asked, which have nothing to do with what is measured here.
 */
export class WideRoom {
  readonly admin = UserId.parse('@admin:bench.localhost');
  readonly #local: LocalEngine;
  readonly engine: RoomEngine;
  #room: Room;
  /** The newest event at each key. */
  readonly #state = new Map<string, StoredEvent>();
  #people = 0;
  #time = 1_700_000_000_000;

  private constructor(local: LocalEngine, room: Room) {
    this.#local = local;
    this.engine = local.engine;
    this.#room = room;
  }

  /** A room with so many members, whose whole state has come at once, as by a join. */
  static async create(local: LocalEngine, name: string, members: number): Promise<WideRoom> {
    const version = roomVersion('11');
    if (!version) throw new Error('there is no room version 11');
    const { rooms } = local.engine;
    const identity = await rooms.identify(local.db, RoomId.parse(`!${name}:bench.localhost`), version);
    const room = rooms.make(identity, undefined, 'new');
    rooms.add(room);
    const wide = new WideRoom(local, room);
    await wide.#fill(members);
    return wide;
  }

  get room(): Room {
    return this.#room;
  }

  get head(): Head {
    return this.#room.head ?? EMPTY_HEAD;
  }

  get members(): number {
    return this.#people;
  }

  /** A step on top of the room as it is now. */
  change(): Change {
    return new Change(this.#room, this.head);
  }

  /** Somebody who is in the room. */
  person(index: number): UserId {
    return UserId.parse(`@somebody_${index}:server${(index * 7) % 977}.example.org`);
  }

  /** The join of the next newcomer. */
  newcomer(): Wish {
    return this.profile(this.#people++, 'hello');
  }

  /** A member's join with another display name. */
  profile(index: number, displayname: string): Wish {
    const user = this.person(index);
    return { type: 'm.room.member', stateKey: user, sender: user, content: { membership: 'join', displayname } };
  }

  /** Places state on top of a state: the event, and the state after it. */
  async place(
    change: Change,
    wish: Wish,
    { before, position }: { readonly before: SnapshotId; readonly position: Position | undefined },
  ): Promise<{ readonly stored: StoredEvent; readonly after: SnapshotId }> {
    const { nids, tries } = this.engine;
    const event = this.#event(wish);
    await nids.ensure(IDS_AT_HAND);
    const nid = nids.take();
    const key = change.keyNumber([wish.type, wish.stateKey]);
    const next = await tries.changeShared(this.#room.nid, before, new Map([[key, nid]]));
    change.addRows(next.rows);
    const stored = this.#placed(change, event, { nid, before, position });
    return { stored, after: next.snapshot };
  }

  /** What holds a key. */
  at(type: string, stateKey: string): StoredEvent | undefined {
    return this.#state.get(`${type}\0${stateKey}`);
  }

  remember(stored: StoredEvent): void {
    this.#state.set(`${stored.event.type}\0${stored.event.stateKey}`, stored);
  }

  /** The next event of the room, on top of all that it rests on. */
  #event({ type, stateKey, sender = this.admin, content }: Wish): StateEvent {
    const prevEvents = this.head.extremities.map(({ eventId }) => eventId);
    return buildEvent(
      {
        version: this.#room.version,
        roomId: this.#room.roomId,
        type,
        sender,
        stateKey,
        content,
        prevEvents,
        authEvents: this.#authEvents(type, stateKey, sender).map(({ event }) => event.eventId),
        depth: this.head.depth + 1,
        sentAt: this.#time++,
      },
      this.#local.signer,
    ) as StateEvent;
  }

  #placed(
    change: Change,
    event: Event,
    at: { readonly nid: number; readonly before: SnapshotId | undefined; readonly position: Position | undefined },
  ): StoredEvent {
    const { type, stateKey = '', sender } = event;
    const authNumbers = this.#authEvents(type, stateKey, sender).map(({ authNumber }) => authNumber ?? 0);
    const replaces = this.at(type, stateKey)?.nid;
    return change.place(event, {
      nid: at.nid,
      status: 'accepted',
      snapshot: at.before,
      position: at.position,
      replaces,
      authNumbers,
    });
  }

  #authEvents(type: string, stateKey: string, sender: UserId): StoredEvent[] {
    const rests = AUTHORITY.slice(0, AUTHORITY.indexOf(type) >= 0 ? AUTHORITY.indexOf(type) : undefined);
    const members = new Set(type === 'm.room.member' ? [sender, stateKey] : [sender]);
    return [
      ...rests.flatMap((one) => this.at(one, '') ?? []),
      ...[...members].flatMap((member) => this.at('m.room.member', member) ?? []),
    ];
  }

  async #fill(members: number): Promise<void> {
    const { nids, tries, committer } = this.engine;
    const change = this.change();
    const wishes: Wish[] = [
      { type: 'm.room.create', stateKey: '', content: { room_version: '11' } },
      { type: 'm.room.member', stateKey: this.admin, content: { membership: 'join' } },
      { type: 'm.room.power_levels', stateKey: '', content: { users: { [this.admin]: 100 } } },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
      { type: 'm.room.history_visibility', stateKey: '', content: { history_visibility: 'shared' } },
      { type: 'm.room.name', stateKey: '', content: { name: 'A room of many' } },
    ];
    while (this.#people < members) wishes.push(this.newcomer());
    const state = new Map<number, number>();
    let last: StoredEvent | undefined;
    for (const wish of wishes) {
      const event = this.#event(wish);
      await nids.ensure(IDS_AT_HAND);
      last = this.#placed(change, event, { nid: nids.take(), before: undefined, position: undefined });
      this.remember(last);
      state.set(last.keyNumber ?? 0, last.nid);
    }
    if (!last) throw new Error('a room without events');
    const position = await committer.claim();
    const next = await tries.changeShared(this.#room.nid, 0, state);
    change.addRows(next.rows);
    const now = [...this.#state.values()].map((stored) => [stored.keyNumber ?? 0, undefined, stored] as const);
    change.setExtremities([{ nid: last.nid, eventId: last.event.eventId, depth: last.event.depth }]);
    change.setCurrent(next.snapshot, position, now);
    if (!(await committer.commit(change, [position]))) throw new Error('somebody else was faster');
  }
}

export const extremityOf = ({ nid, event }: StoredEvent): { nid: number; eventId: EventId; depth: number } => ({
  nid,
  eventId: event.eventId,
  depth: event.depth,
});
