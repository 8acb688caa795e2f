import type { Position } from '../../streams/stream.ts';
import type { Member, RoomNid } from '../model.ts';

export interface ReadonlyMemberships extends ReadonlyMap<RoomNid, Member> {
  /** Changes with every one of them. */
  readonly version: number;
  /** Where the newest of them was written. */
  readonly newest: Position;
  /** The rooms that the user is in. */
  readonly joined: ReadonlySet<RoomNid>;
}

/** One user's memberships by room. */
export class Memberships extends Map<RoomNid, Member> implements ReadonlyMemberships {
  #version = 0;
  #newest = 0 as Position;
  /** Made when somebody asks for it. */
  #joined: Set<RoomNid> | undefined;

  constructor(members: Iterable<Member>) {
    super();
    for (const member of members) this.#put(member);
  }

  get version(): number {
    return this.#version;
  }

  get joined(): ReadonlySet<RoomNid> {
    this.#joined ??= new Set([...this.values()].flatMap((m) => (m.membership === 'join' ? [m.roomNid] : [])));
    return this.#joined;
  }

  get newest(): Position {
    return this.#newest;
  }

  override set(room: RoomNid, member: Member): this {
    this.#version += 1;
    if (member.membership === 'join') this.#joined?.add(room);
    else this.#joined?.delete(room);
    return this.#put(member);
  }

  override delete(room: RoomNid): boolean {
    this.#version += 1;
    this.#joined?.delete(room);
    return super.delete(room);
  }

  #put(member: Member): this {
    this.#newest = Math.max(this.#newest, member.position) as Position;
    return super.set(member.roomNid, member);
  }
}
