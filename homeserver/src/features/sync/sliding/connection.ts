import type { RoomNid } from '../../../rooms/model.ts';
import type { Position } from '../../../streams/stream.ts';
import type { RoomConfig, ScopedExtension, Scopes } from './request.ts';

export type Standing = 'join' | 'outside' | 'left';

/** What a connection has been told of a room: everything, up to the positions that the answer before reached. */
export interface Told {
  /** How many of the newest events were told, without a gap; infinity for all that there are. */
  readonly limit: number;
  /** By which of the connection's configurations. */
  readonly config: number;
  readonly standing: Standing;
  readonly isDm: boolean;
  /** Only up to these positions, because it has not been asked for since; absent while it is told of in each answer. */
  readonly missed?: readonly Position[] | undefined;
  /** Extensions that tell of some rooms only, and did not of this one; absent where there were none. */
  readonly untoldBy?: readonly ScopedExtension[] | undefined;
}

/** Up to where of the stream of events a room has been told; `base` is where the answer before ended. */
export const toldUpTo = ({ missed }: Told, base: Position): Position => missed?.[0] ?? base;

/** What an answer adds to what is known, once it has arrived. */
export interface Sent {
  readonly gen: number;
  readonly rooms: ReadonlyMap<RoomNid, Told>;
  readonly scopes: Scopes;
}

/** As it was sent: lazily loaded members are not written down. */
interface Unheard extends Sent {
  readonly members: ReadonlyMap<RoomNid, MembersTold>;
}

/** Of which members of a room an answer tells. */
export interface MembersTold {
  readonly users: readonly string[];
  /** Those who were told before may be others by now. */
  readonly startsOver: boolean;
}

export interface Saved {
  readonly epoch: string;
  /** The answer that is known to have arrived, and the number of the newest that was made. */
  readonly acked: number;
  readonly last: number;
  readonly configs: readonly string[];
  readonly scopes: Scopes;
  readonly sent: Sent | undefined;
  /** What has arrived says of rooms that they were told up to there, or further. */
  readonly reached?: readonly Position[] | undefined;
}

/** More configurations than any client uses; with more, the client starts afresh. */
const MAX_CONFIGS = 200;
const MAX_MEMBER_ROOMS = 300;
const MAX_MEMBERS = 500;
/**
 * A request that its client has given up can be overtaken by the one that it has sent instead: then the answer that arrives
 * is not the newest.
 */
const MAX_UNHEARD = 2;
/** What they take in memory, about; a room with all that is kept of it besides. */
const BYTES = { itself: 2_000, room: 300, member: 40, perConfigLetter: 6 };

/**
 * What one client has been told on one connection: what has arrived for certain, and the newest answers, of which that is
 * not known until the next request names one. Each can be what the next answer builds on.
 */
export class Connection {
  readonly epoch: string;
  readonly rooms: Map<RoomNid, Told>;
  /** Those that are told of in each answer. */
  readonly live: Set<RoomNid>;
  /** Rooms of which what has arrived changed since it was written down. */
  readonly dirty = new Set<RoomNid>();
  writtenAt = 0;
  #acked: number;
  #last: number;
  /** All of them build on what has arrived. */
  #unheard: readonly Unheard[];
  #scopes: Scopes;
  #reached: readonly Position[] | undefined;
  readonly #configs: string[];
  /** Rooms that are asked for in the same way share one object, so most are found without being written out. */
  readonly #numbers = new WeakMap<RoomConfig, number>();
  readonly #parsed = new Map<number, RoomConfig>();
  /** Lazily loaded members: forgetting them costs only bytes, so they are not written down. */
  readonly #members = new Map<RoomNid, Set<string>>();
  #memberCount = 0;
  #configLetters = 0;

  constructor(saved: Saved, rooms: ReadonlyMap<RoomNid, Told> = new Map()) {
    this.epoch = saved.epoch;
    this.#acked = saved.acked;
    this.#last = saved.last;
    this.#unheard = saved.sent ? [{ ...saved.sent, members: new Map() }] : [];
    this.#scopes = saved.scopes;
    this.#configs = [...saved.configs];
    this.#configLetters = saved.configs.reduce((letters, { length }) => letters + length, 0);
    this.#reached = saved.reached;
    this.rooms = new Map(rooms);
    this.live = new Set([...rooms].flatMap(([nid, { missed }]) => (missed === undefined ? [nid] : [])));
  }

  static fresh(epoch: string): Connection {
    return new Connection({ epoch, acked: 0, last: 0, configs: [], scopes: {}, sent: undefined });
  }

  /** The number of the answer that has arrived last, of those that changed anything but positions. */
  get gen(): number {
    return this.#acked;
  }

  get scopes(): Scopes {
    return this.#scopes;
  }

  /** What it takes in memory, about. */
  get bytes(): number {
    const rooms = this.#unheard.reduce((count, sent) => count + sent.rooms.size, this.rooms.size);
    const { itself, room, member, perConfigLetter } = BYTES;
    return itself + rooms * room + this.#memberCount * member + this.#configLetters * perConfigLetter;
  }

  save(): Saved {
    const newest = this.#unheard.at(-1);
    return {
      epoch: this.epoch,
      acked: this.#acked,
      last: this.#last,
      configs: this.#configs,
      scopes: this.#scopes,
      sent: newest && { gen: newest.gen, rooms: newest.rooms, scopes: newest.scopes },
      reached: this.#reached,
    };
  }

  /** The client goes on from an answer. Up to where it knows everything; undefined for what cannot be gone on from. */
  goOnFrom(gen: number, positions: readonly Position[]): readonly Position[] | undefined {
    const sent = this.#unheard.find((one) => one.gen === gen);
    const others = this.#unheard.filter((one) => one !== sent);
    if (sent) this.#arrived(sent);
    // An answer that was made after this was written down last, before a crash: what it told is told again.
    else if (gen > this.#last) return this.#goBack(gen, positions);
    else if (gen !== this.#acked) return undefined;
    for (const { rooms } of others) this.#mayHaveArrived(rooms, positions);
    this.#reached = positions;
    return positions;
  }

  /** A room may have been left out of the answers that were lost: nothing is known but what was written down. */
  #goBack(gen: number, positions: readonly Position[]): readonly Position[] {
    const reached = this.#reached ?? [];
    [this.#last, this.#acked, this.#unheard] = [gen, gen, []];
    return positions.map((position, i) => Math.min(position, reached[i] ?? 0) as Position);
  }

  /** A new answer; its number. Those before the last one are forgotten if the client has not gone on from them. */
  send(rooms: ReadonlyMap<RoomNid, Told>, scopes: Scopes, members: ReadonlyMap<RoomNid, MembersTold>): number {
    this.#last += 1;
    this.#unheard = [...this.#unheard, { gen: this.#last, rooms, scopes, members }].slice(-MAX_UNHEARD);
    return this.#last;
  }

  /** The number of a configuration; undefined when there are too many. */
  numberOf(config: RoomConfig): number | undefined {
    const seen = this.#numbers.get(config);
    if (seen !== undefined) return seen;
    const text = JSON.stringify(config);
    const known = this.#configs.indexOf(text);
    if (known < 0 && this.#configs.length >= MAX_CONFIGS) return undefined;
    if (known < 0) this.#configLetters += text.length;
    const number = known < 0 ? this.#configs.push(text) - 1 : known;
    this.#numbers.set(config, number);
    return number;
  }

  config(number: number): RoomConfig {
    const known = this.#parsed.get(number);
    if (known) return known;
    const config = JSON.parse(this.#configs[number] ?? '{"timelineLimit":0,"wishes":[]}') as RoomConfig;
    this.#parsed.set(number, config);
    return config;
  }

  knowsMembers(room: RoomNid): boolean {
    return this.#members.has(room);
  }

  knowsMember(room: RoomNid, user: string): boolean {
    return this.#members.get(room)?.has(user) === true;
  }

  /**
   * A client that is ended before it has written down up to where an answer goes may show what that told nevertheless. Its
   * rooms are told anew, and so is that one is not in them any more.
   */
  #mayHaveArrived(rooms: Sent['rooms'], positions: readonly Position[]): void {
    for (const [nid, told] of rooms) {
      if (this.rooms.has(nid)) continue;
      this.rooms.set(nid, { ...told, limit: 0, standing: 'outside', missed: positions.map(() => 0 as Position) });
      this.dirty.add(nid);
    }
  }

  #arrived({ gen, rooms, scopes, members }: Unheard): void {
    for (const [nid, told] of rooms) {
      this.rooms.set(nid, told);
      if (told.missed) this.live.delete(nid);
      else this.live.add(nid);
      this.dirty.add(nid);
    }
    for (const [nid, learnt] of members) this.#learn(nid, learnt);
    this.#acked = gen;
    this.#scopes = scopes;
    this.#unheard = [];
  }

  #learn(room: RoomNid, { users, startsOver }: MembersTold): void {
    const known = this.#members.get(room) ?? new Set<string>();
    this.#forget(room);
    if (startsOver || known.size + users.length > MAX_MEMBERS) known.clear();
    for (const user of users) known.add(user);
    if (known.size > 0) this.#members.set(room, known);
    this.#memberCount += known.size;
    const [oldest] = this.#members.size > MAX_MEMBER_ROOMS ? this.#members.keys() : [];
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(room: RoomNid): void {
    this.#memberCount -= this.#members.get(room)?.size ?? 0;
    this.#members.delete(room);
  }
}
