import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Keys } from '../../../streams/logged-changes.ts';
import type { Position } from '../../../streams/stream.ts';
import { isInScope, type Rule } from './cover.ts';
import type { Following } from './following.service.ts';
import type { Scope } from './request.ts';

/** A room of which the parts have been told less than of the others. */
export interface Behind {
  readonly nid: RoomNid;
  readonly roomId: RoomId;
  /** How far; `new` for a room that the connection has not had yet. */
  readonly parts: 'new' | readonly Position[];
}

/** The rooms that one extension tells of. */
export interface ScopeOfRooms {
  /** Those that are told of in each answer; what they are is asked more often than all of them. */
  readonly steady: Keys<RoomNid>;
  readonly behind: readonly Behind[];
  readonly all: () => ReadonlySet<RoomNid>;
  readonly ids: () => ReadonlySet<RoomId>;
}

type Place = 'new' | readonly Position[];

const NONE: ReadonlySet<RoomNid> = new Set();

/** Of the rooms that a connection asks for those that an extension tells of. */
export class ScopedRooms {
  readonly #following: Following;
  readonly #behind: ReadonlyMap<RoomNid, Place>;

  constructor(following: Following, behind: ReadonlyMap<RoomNid, Place>) {
    this.#following = following;
    this.#behind = behind;
  }

  /** `entered`: rooms that it has told nothing of yet, because they were out of its scope. */
  of(scope: Scope, membership: 'joined' | 'any', entered: ReadonlySet<RoomNid> = NONE): ScopeOfRooms {
    const { rules, roster } = this.#following;
    const places = entered.size === 0 ? this.#behind : withNew(this.#behind, entered);
    const isIn = (nid: RoomNid, rule: Rule | undefined): boolean => {
      const listed = rule && roster.get(nid);
      if (!listed || (membership === 'joined' && listed.member.membership !== 'join')) return false;
      return isInScope(scope, rule, () => listed.card.roomId);
    };
    const all = () => new Set([...rules].flatMap(([nid, rule]) => (isIn(nid, rule) ? [nid] : [])));
    const behind = [...places].flatMap(([nid, parts]) => {
      const roomId = roster.get(nid)?.card.roomId;
      return roomId !== undefined && isIn(nid, rules.get(nid)) ? [{ nid, roomId, parts }] : [];
    });
    const ids = () => new Set([...all()].flatMap((nid) => roster.get(nid)?.card.roomId ?? []));
    return { steady: this.#steady(isIn, places), behind, all, ids };
  }

  #steady(isIn: (nid: RoomNid, rule: Rule | undefined) => boolean, behind: ReadonlyMap<RoomNid, Place>): Keys<RoomNid> {
    const { rules } = this.#following;
    const has = (nid: RoomNid) => !behind.has(nid) && isIn(nid, rules.get(nid));
    return {
      size: rules.size,
      has,
      *[Symbol.iterator]() {
        for (const nid of rules.keys()) if (has(nid)) yield nid;
      },
    };
  }
}

const withNew = (places: ReadonlyMap<RoomNid, Place>, entered: ReadonlySet<RoomNid>): ReadonlyMap<RoomNid, Place> =>
  new Map([...places, ...[...entered].map((nid) => [nid, 'new'] as const)]);
