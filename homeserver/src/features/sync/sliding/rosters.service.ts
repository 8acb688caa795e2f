import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { isOut } from '../../../core/events/membership.ts';
import type { IdleCaches } from '../../../platform/idle-caches.ts';
import { bothSoon, type Soon, soon } from '../../../platform/soon.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../../rooms/members/memberships.ts';
import type { EventNid, Member, RoomNid } from '../../../rooms/model.ts';
import { type Inviters, isInviteBy, type UnwelcomeInviters } from '../sections.ts';
import type { Card, RoomCards } from './room-cards.service.ts';
import { type Kind, Roster } from './roster.ts';
import { atMost, weighAgain } from '../../../platform/at-most.ts';

type Engine = Pick<RoomEngine, 'userRooms' | 'holds' | 'stays' | 'roomChanges'>;

interface Kept {
  readonly roster: Roster;
  readonly members: ReadonlyMemberships;
  /** Of the memberships, of what is held, and of the changes of rooms: what has been taken in. */
  version: number;
  readonly holds: number;
  /** Invites by these are not listed. */
  readonly unwelcome: Inviters;
  mark: number;
  /** What it takes in memory, as of the last look at that. */
  bytes: number;
}

type Kinds = ReadonlyMap<Member, Kind>;

interface Found {
  readonly cards: ReadonlyMap<RoomNid, Card>;
  readonly kinds: Kinds;
}

export interface RostersDeps {
  readonly engine: Engine;
  readonly cards: RoomCards;
  readonly unwelcomeInviters: UnwelcomeInviters;
  readonly idle: IdleCaches;
  readonly keptBytes?: number;
}

/** Of all users together. */
const KEPT_BYTES = 128 * 1024 * 1024;
const PUT_OUT = 50_000;

/** Each user's rooms as lists need them: in memory for those who ask, and brought up to date when they do. */
export class Rosters {
  readonly #engine: Engine;
  readonly #cards: RoomCards;
  readonly #unwelcomeInviters: UnwelcomeInviters;
  readonly #kept: LRUCache<UserId, Kept>;
  /** By the event that put somebody out of a room. */
  readonly #wasThere = new LRUCache<EventNid, boolean>(atMost(PUT_OUT));

  constructor({ engine, cards, unwelcomeInviters, idle, keptBytes = KEPT_BYTES }: RostersDeps) {
    this.#kept = idle.create<UserId, Kept>({ maxSize: keptBytes, sizeCalculation: ({ bytes }) => bytes });
    this.#engine = engine;
    this.#cards = cards;
    this.#unwelcomeInviters = unwelcomeInviters;
  }

  of(user: UserId): Soon<Roster> {
    const { userRooms } = this.#engine;
    const members = userRooms.atHand(user) ?? userRooms.of(user);
    const unwelcome = this.#unwelcomeInviters(user);
    return soon(bothSoon(members, unwelcome), ([rooms, inviters]) => this.#of(user, rooms, inviters));
  }

  #of(user: UserId, members: ReadonlyMemberships, unwelcome: Inviters): Soon<Roster> {
    const { holds, roomChanges } = this.#engine;
    const known = this.#kept.get(user);
    const [version, mark] = [members.version, roomChanges.mark];
    const isSame = known?.members === members && known.holds === holds.version && known.unwelcome === unwelcome;
    const changed = isSame && this.#changed(known);
    if (known && changed) {
      return soon(changed.size > 0 ? this.#take(known, changed) : undefined, () => {
        [known.version, known.mark] = [version, mark];
        this.#weigh(user, known);
        return known.roster;
      });
    }
    const roster = new Roster();
    const made: Kept = { roster, members, version, holds: holds.version, unwelcome, mark, bytes: roster.bytes };
    return soon(this.#take(made, new Set(members.keys())), () => {
      this.#kept.set(user, made);
      this.#weigh(user, made);
      return roster;
    });
  }

  /** There are rooms more or less in it, or somebody has asked for another list of them. */
  #weigh(user: UserId, kept: Kept): void {
    if (kept.bytes === kept.roster.bytes) return;
    kept.bytes = kept.roster.bytes;
    weighAgain(this.#kept, user);
  }

  /** Undefined where all of them have to be looked at. */
  #changed({ roster, members, version, mark }: Kept): Set<RoomNid> | undefined {
    const noted = this.#engine.roomChanges.sinceMark(mark);
    if (!noted) return undefined;
    const changed = new Set(noted.filter((nid) => members.has(nid)));
    if (members.version === version) return changed;
    for (const [nid, member] of members) if (roster.get(nid)?.member !== member) changed.add(nid);
    for (const nid of roster.nids) if (!members.has(nid)) changed.add(nid);
    return changed;
  }

  #take(kept: Kept, changed: ReadonlySet<RoomNid>): Soon<void> {
    const nids = [...changed];
    const members = nids.flatMap((nid) => kept.members.get(nid) ?? []);
    return soon(this.#cards.of(nids), (cards) =>
      soon(this.#kindsOf(members), (kinds) => this.#put(kept, changed, { cards, kinds })),
    );
  }

  #put({ roster, members, unwelcome }: Kept, changed: ReadonlySet<RoomNid>, { cards, kinds }: Found): void {
    const { holds } = this.#engine;
    for (const nid of changed) {
      const card = cards.get(nid);
      const member = members.get(nid);
      const kind = member && kinds.get(member);
      if (!card || !member || holds.isHidden(card.roomId) || isInviteBy(member, unwelcome)) roster.remove(nid);
      // A membership that has changed meanwhile is looked at the next time.
      else if (kind) roster.put({ card, member }, kind);
    }
  }

  #kindsOf(members: readonly Member[]): Soon<Kinds> {
    const isPlain = members.every(isOpenTo);
    return isPlain ? new Map(members.map((member) => [member, 'listed'] as const)) : this.#findKinds(members);
  }

  /** All at the same time: they are looked up together. */
  async #findKinds(members: readonly Member[]): Promise<Kinds> {
    const kindOf = async (member: Member): Promise<readonly [Member, Kind]> => {
      const isListed = isOpenTo(member) || (await this.#wasPutOut(member));
      return [member, isListed ? 'listed' : 'left'];
    };
    return new Map(await Promise.all(members.map(kindOf)));
  }

  /** Kicked or banned, after having been there. */
  async #wasPutOut(member: Member): Promise<boolean> {
    if (member.sender === member.userId) return false;
    const known = this.#wasThere.get(member.eventNid);
    if (known !== undefined) return known;
    const wasThere = (await this.#engine.stays.departureOf(member)) !== undefined;
    this.#wasThere.set(member.eventNid, wasThere);
    return wasThere;
  }
}

const isOpenTo = ({ membership }: Member): boolean => !isOut(membership);
