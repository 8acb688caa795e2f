import { RoomId, type ServerName, type UserId } from '@holm/spec/ids';
import type { Membership } from '../../core/events/membership.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import type { LocalSummary } from './room-summaries.service.ts';
import { roomSummariesStore as store } from './room-summaries.store.ts';
import type { RoomSummary } from './summary.ts';

/** A room that somebody may come to know of. */
export interface Candidate {
  readonly summary: RoomSummary;
  readonly isKnockable: boolean;
}

export interface SummaryAccessDeps {
  readonly db: Database;
  /** By the room's server ACL: a server that is denied cannot get in. */
  readonly isAllowed: (room: Room, server: ServerName) => Promise<boolean>;
}

/**
 * Who may know what a room is like without being in it: whoever could get in or look in.
 * https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1roomsroomidhierarchy
 */
export class SummaryAccess {
  readonly #deps: SummaryAccessDeps;

  constructor(deps: SummaryAccessDeps) {
    this.#deps = deps;
  }

  /** Those of the rooms that a user may know of; without a user, those that everybody may. */
  async ofUser(user: UserId | undefined, candidates: readonly Candidate[]): Promise<Set<RoomId>> {
    const asked = [...new Set(candidates.flatMap(({ summary }) => [summary.room_id, ...allowedOf(summary)]))];
    const memberships =
      user === undefined || asked.length === 0
        ? new Map<RoomId, Membership>()
        : await store.membershipsOf(this.#deps.db, user, asked);
    return idsOf(candidates.filter((candidate) => mayKnow(candidate, memberships)));
  }

  /** Those of the rooms that somebody of a server may get into or look into, as far as this server knows. */
  async ofServer(server: ServerName, candidates: readonly LocalSummary[]): Promise<Set<RoomId>> {
    const reachable = await this.#reachable(server, candidates);
    const closed = reachable.filter((candidate) => !isOpen(candidate));
    const asked = [...new Set(closed.flatMap(({ summary }) => [summary.room_id, ...allowedOf(summary)]))];
    const presence = asked.length === 0 ? undefined : await store.presenceOf(this.#deps.db, server, asked);
    const isIn = (roomId: RoomId) => presence?.get(roomId)?.isIn === true;
    return idsOf(
      reachable.filter((candidate) => {
        const { room_id: roomId } = candidate.summary;
        return (
          isOpen(candidate) ||
          isIn(roomId) ||
          presence?.get(roomId)?.isInvited === true ||
          allowedOf(candidate.summary).some(isIn)
        );
      }),
    );
  }

  async #reachable(server: ServerName, candidates: readonly LocalSummary[]): Promise<LocalSummary[]> {
    const allowed = await Promise.all(candidates.map(({ room }) => this.#deps.isAllowed(room, server)));
    return candidates.filter(({ isFederated }, index) => isFederated && allowed[index] === true);
  }
}

const idsOf = (candidates: readonly Candidate[]): Set<RoomId> =>
  new Set(candidates.map(({ summary }) => summary.room_id));

const allowedOf = ({ allowed_room_ids: allowed = [] }: RoomSummary): RoomId[] => allowed.filter((id) => RoomId.is(id));

/** Whether anybody may get in, ask to be let in, or look in. */
const isOpen = ({ summary, isKnockable }: Candidate): boolean =>
  summary.world_readable || summary.join_rule === 'public' || isKnockable;

const mayKnow = (candidate: Candidate, memberships: ReadonlyMap<RoomId, Membership>): boolean => {
  const { summary } = candidate;
  const membership = memberships.get(summary.room_id);
  if (membership === 'join' || membership === 'invite') return true;
  // Who is banned can get in no way that is open to others.
  if (membership === 'ban') return summary.world_readable;
  return isOpen(candidate) || allowedOf(summary).some((roomId) => memberships.get(roomId) === 'join');
};
