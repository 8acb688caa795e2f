import { RoomId, type ServerName, type UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { getSpaceHierarchy } from '@holm/spec/server-server/spaces';
import { LRUCache } from 'lru-cache';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import { inOrder, readChild, type SpaceChild } from './space-child.ts';
import { readSummary, type RoomSummary } from './summary.ts';

/** What another server says about a room and those in it. */
export interface RemoteSummary {
  readonly summary: RoomSummary;
  readonly isKnockable: boolean;
  readonly children: readonly SpaceChild[];
  /** Of children that the other server knows. */
  readonly childSummaries: ReadonlyMap<RoomId, RoomSummary>;
  /** Children that nobody of this server can get into, so that nobody else need be asked. */
  readonly inaccessible: readonly RoomId[];
}

export interface RemoteSummariesDeps {
  readonly client: Pick<FederationClient, 'call'>;
  readonly clock: Clock;
  readonly serverName: ServerName;
}

export interface Question {
  readonly roomId: RoomId;
  readonly via: readonly ServerName[];
  readonly suggestedOnly: boolean;
}

const MAX_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const MAX_SERVERS = 3;
const MAX_CHILDREN = 1_000;
const REMEMBERED_MS = 5 * 60_000;
const CACHE_BYTES = 32 * 1024 * 1024;
const REMEMBERED_VIAS = 10_000;
const KNOCKABLE = new Set(['knock', 'knock_restricted']);

interface Remembered {
  /** Absent where the server knows nothing, or does not answer. */
  readonly answer: RemoteSummary | undefined;
  readonly at: number;
}

/** Rooms as other servers know them, remembered for five minutes by the server that said so: nobody else may be told lies. */
export class RemoteSummaries {
  readonly #deps: RemoteSummariesDeps;
  readonly #cache = new LRUCache<string, Remembered>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ answer }) => (answer ? sizeOf(answer) : 200),
  });
  readonly #asking = new Map<string, Promise<RemoteSummary | undefined>>();
  readonly #vias = new LRUCache<string, readonly ServerName[]>(atMost(REMEMBERED_VIAS));

  constructor(deps: RemoteSummariesDeps) {
    this.#deps = deps;
  }

  /** What the first server says that knows the room. */
  async of({ roomId, via, suggestedOnly }: Question): Promise<RemoteSummary | undefined> {
    const servers = [...new Set(via)].filter((server) => server !== this.#deps.serverName).slice(0, MAX_SERVERS);
    for (const server of servers) {
      const answer = await this.#remembered(server, roomId, suggestedOnly);
      if (answer) return answer;
    }
    return undefined;
  }

  /** Where a user has found a room lately: rooms themselves do not say where they are. */
  viaOf(user: UserId, roomId: RoomId): readonly ServerName[] {
    return this.#vias.get(`${user} ${roomId}`) ?? [];
  }

  noteVia(user: UserId, roomId: RoomId, via: readonly ServerName[]): void {
    if (via.length > 0) this.#vias.set(`${user} ${roomId}`, via.slice(0, MAX_SERVERS));
  }

  async #remembered(server: ServerName, roomId: RoomId, suggestedOnly: boolean): Promise<RemoteSummary | undefined> {
    const key = `${server} ${suggestedOnly} ${roomId}`;
    const known = this.#cache.get(key);
    if (known && this.#deps.clock.now() - known.at < REMEMBERED_MS) return known.answer;
    const asking =
      this.#asking.get(key) ??
      this.#ask(server, roomId, suggestedOnly)
        .then((answer) => {
          this.#cache.set(key, { answer, at: this.#deps.clock.now() });
          return answer;
        })
        .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(server: ServerName, roomId: RoomId, suggestedOnly: boolean): Promise<RemoteSummary | undefined> {
    try {
      const answer = await this.#deps.client.call(server, getSpaceHierarchy, {
        params: { roomId },
        query: { suggested_only: suggestedOnly },
        maxBytes: MAX_BYTES,
        timeoutMs: TIMEOUT_MS,
        // Whoever writes a child event chooses whom we ask.
        unrecorded: true,
      });
      return read(roomId, answer);
    } catch (error) {
      if (error instanceof FederationError) return undefined;
      throw error;
    }
  }
}

const read = (
  roomId: RoomId,
  { room, children = [], inaccessible_children: inaccessible = [] }: Readonly<Record<string, unknown>> & RawHierarchy,
): RemoteSummary | undefined => {
  const summary = readSummary(room);
  if (summary?.room_id !== roomId) return undefined;
  const { children_state: told } = room;
  const events = Array.isArray(told) ? (told as readonly Json[]) : [];
  const isSpace = summary.room_type === 'm.space';
  const summaries = children.slice(0, MAX_CHILDREN).flatMap((raw) => readSummary(raw) ?? []);
  return {
    summary,
    isKnockable: KNOCKABLE.has(summary.join_rule),
    children: isSpace ? inOrder(events.slice(0, MAX_CHILDREN).flatMap((raw) => readChild(raw) ?? [])) : [],
    childSummaries: new Map(summaries.map((child) => [child.room_id, child])),
    inaccessible: inaccessible.slice(0, MAX_CHILDREN).filter((id): id is RoomId => RoomId.is(id)),
  };
};

interface RawHierarchy {
  readonly room: JsonObject;
  readonly children?: readonly unknown[];
  readonly inaccessible_children?: readonly unknown[];
}

/** Strings take up to two bytes a character. */
const sizeOf = ({ summary, children, childSummaries, inaccessible }: RemoteSummary): number =>
  2 * JSON.stringify([summary, children, [...childSummaries.values()], inaccessible]).length;
