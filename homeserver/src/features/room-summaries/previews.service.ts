import { MatrixError } from '@holm/spec/errors';
import { RoomAlias, type RoomId, type ServerName, type UserId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { RemoteSummaries } from './remote-summaries.service.ts';
import type { RoomSummaries } from './room-summaries.service.ts';
import { roomSummariesStore as store } from './room-summaries.store.ts';
import type { Candidate, SummaryAccess } from './summary-access.service.ts';
import type { RoomSummary } from './summary.ts';

export interface PreviewsDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'userRooms' | 'holds'>;
  readonly summaries: Pick<RoomSummaries, 'byIds'>;
  readonly remote: RemoteSummaries;
  readonly access: SummaryAccess;
  readonly aliases: {
    resolve(alias: RoomAlias): Promise<{ readonly roomId: RoomId; readonly servers: readonly ServerName[] }>;
  };
}

export type Preview = RoomSummary & { readonly membership?: string };

/** What a room is like, for somebody who may want to enter it. */
export class Previews {
  readonly #deps: PreviewsDeps;

  constructor(deps: PreviewsDeps) {
    this.#deps = deps;
  }

  /** M_NOT_FOUND for rooms that there are not, and for those that the user may not know of: nobody learns which. */
  async of(user: UserId | undefined, name: RoomId | RoomAlias, via: readonly ServerName[]): Promise<Preview> {
    const { db, access, summaries, engine, aliases } = this.#deps;
    const { roomId, servers } = RoomAlias.is(name) ? await aliases.resolve(name) : { roomId: name, servers: [] };
    if (engine.holds.of(roomId)) throw notFound();
    const found: Candidate | undefined =
      (await summaries.byIds([roomId])).get(roomId) ?? (await this.#elsewhere(user, roomId, [...via, ...servers]));
    if (!found || !(await access.ofUser(user, [found])).has(roomId)) throw notFound();
    if (user === undefined) return found.summary;
    const membership = (await store.membershipsOf(db, user, [roomId])).get(roomId);
    return { ...found.summary, membership: membership ?? 'leave' };
  }

  async #elsewhere(
    user: UserId | undefined,
    roomId: RoomId,
    told: readonly ServerName[],
  ): Promise<Candidate | undefined> {
    const { remote, engine } = this.#deps;
    const known =
      user === undefined ? [] : [...remote.viaOf(user, roomId), ...(await engine.userRooms.via(user, roomId))];
    const via = [...told, ...known];
    const found = await remote.of({ roomId, via, suggestedOnly: false });
    // Who looks at a space will want to see what is in it, and does not say again where it is.
    if (found && user !== undefined) remote.noteVia(user, roomId, via);
    return found;
  }
}

const notFound = () => new MatrixError('M_NOT_FOUND', 'there is no such room that you may know of');
