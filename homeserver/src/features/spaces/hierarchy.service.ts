import { MatrixError } from '@holm/spec/errors';
import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import { type RemoteSummaries, type RoomSummary, type SpaceChild, viaOf } from '../room-summaries/index.ts';
import { Finder, type FinderDeps, type Found } from './finder.service.ts';
import { beginWalk, copyOf, descend, goesOn, step, type Walk } from './walk.ts';

export interface HierarchyDeps extends FinderDeps {
  readonly remote: RemoteSummaries;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Where a user has been invited to a room from. */
  readonly invites: { via(user: UserId, roomId: RoomId): Promise<readonly ServerName[]> };
}

export interface Wish {
  readonly suggested_only?: boolean;
  readonly limit?: number;
  readonly max_depth?: number;
  readonly from?: string;
}

export type HierarchyRoom = RoomSummary & { readonly children_state: readonly SpaceChild[] };

export interface HierarchyPage {
  readonly rooms: readonly HierarchyRoom[];
  readonly next_batch?: string;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
const MAX_DEPTH = 32;
/** What a page costs at most, however little of what it comes across may be shown. */
const MAX_VISITS = 500;
const MAX_ASKED = 30;
const MAX_MS = 20_000;
const SESSIONS = 500;
const SESSION_MS = 30 * 60_000;
const TOKEN_LENGTH = 24;

interface Session {
  readonly user: UserId;
  readonly walk: Walk;
  readonly at: number;
}

/** The rooms in a space and in the spaces within it: https://spec.matrix.org/latest/client-server-api/#discovering-rooms-within-spaces */
export class Hierarchy {
  readonly #deps: HierarchyDeps;
  /** Walks that go on. They live here alone: who asks after a restart begins anew. */
  readonly #sessions = new LRUCache<string, Session>(atMost(SESSIONS));

  constructor(deps: HierarchyDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for a space that the user may not know of; M_INVALID_PARAM for a token that is not of this walk. */
  async page(user: UserId, roomId: RoomId, wish: Wish): Promise<HierarchyPage> {
    const walk = wish.from === undefined ? await this.#begin(user, roomId, wish) : this.#resume(user, roomId, wish);
    const limit = Math.min(wish.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
    const rooms = await this.#collect(user, walk, limit);
    if (wish.from === undefined && rooms[0]?.room_id !== roomId) {
      throw new MatrixError('M_FORBIDDEN', 'there is no such space that you may look at');
    }
    return { rooms, ...(goesOn(walk) && { next_batch: this.#keep(user, walk) }) };
  }

  async #collect(user: UserId, walk: Walk, limit: number): Promise<HierarchyRoom[]> {
    const { clock } = this.#deps;
    const finder = new Finder(this.#deps, user, walk);
    const rooms: HierarchyRoom[] = [];
    const startedAt = clock.now();
    for (let visits = 0; visits < MAX_VISITS && rooms.length < limit; visits += 1) {
      if (finder.asked >= MAX_ASKED || clock.now() - startedAt > MAX_MS) break;
      const entry = step(walk);
      if (!entry) break;
      const found = await finder.find(entry);
      if (found) {
        rooms.push(shown(found));
        const inside = found.children.map((child) => ({ roomId: child.state_key, via: viaOf(child) }));
        descend(walk, entry, inside);
      } else if (entry.roomId === walk.root) break;
    }
    return rooms;
  }

  async #begin(
    user: UserId,
    roomId: RoomId,
    { suggested_only: suggestedOnly = false, max_depth: depth }: Wish,
  ): Promise<Walk> {
    const { remote, invites } = this.#deps;
    const via = [...remote.viaOf(user, roomId), ...(await invites.via(user, roomId))];
    return beginWalk({ roomId, depth: 0, via }, suggestedOnly, Math.min(depth ?? MAX_DEPTH, MAX_DEPTH));
  }

  #resume(user: UserId, roomId: RoomId, wish: Wish): Walk {
    const session = this.#sessions.get(wish.from ?? '');
    const isFresh = session !== undefined && this.#deps.clock.now() - session.at < SESSION_MS;
    if (!isFresh || session.user !== user || session.walk.root !== roomId) {
      throw new MatrixError('M_INVALID_PARAM', 'from is no token of this walk, or an old one');
    }
    const { suggestedOnly, maxDepth } = session.walk;
    const { suggested_only: suggested = suggestedOnly, max_depth: depth = maxDepth } = wish;
    if (suggested !== suggestedOnly || Math.min(depth, MAX_DEPTH) !== maxDepth) {
      throw new MatrixError('M_INVALID_PARAM', 'suggested_only and max_depth cannot change on the way');
    }
    return copyOf(session.walk);
  }

  #keep(user: UserId, walk: Walk): string {
    const { clock, entropy } = this.#deps;
    const name = token(entropy, TOKEN_LENGTH);
    this.#sessions.set(name, { user, walk, at: clock.now() });
    return name;
  }
}

const shown = ({ summary, children }: Found): HierarchyRoom => ({ ...summary, children_state: children });
