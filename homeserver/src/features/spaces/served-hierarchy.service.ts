import { MatrixError } from '@holm/spec/errors';
import type { RoomId, ServerName } from '@holm/spec/ids';
import type {
  LocalSummary,
  RoomSummaries,
  RoomSummary,
  SpaceChild,
  SpaceChildren,
  SummaryAccess,
} from '../room-summaries/index.ts';

export interface ServedHierarchyDeps {
  readonly summaries: Pick<RoomSummaries, 'byIds'>;
  readonly children: Pick<SpaceChildren, 'of'>;
  readonly access: Pick<SummaryAccess, 'ofServer'>;
}

export interface ServedHierarchy {
  readonly room: RoomSummary & { readonly children_state: readonly SpaceChild[] };
  readonly children: readonly RoomSummary[];
  readonly inaccessible: readonly RoomId[];
}

/** Children that are told of in one answer; of the others only that they are there. */
const MAX_CHILDREN = 100;

/** What this server tells others of a room and of those in it. */
export class ServedHierarchies {
  readonly #deps: ServedHierarchyDeps;

  constructor(deps: ServedHierarchyDeps) {
    this.#deps = deps;
  }

  /** M_NOT_FOUND for a room that nobody of the asking server can get into, as if it were not there. */
  async of(origin: ServerName, roomId: RoomId, suggestedOnly: boolean): Promise<ServedHierarchy> {
    const { summaries, children, access } = this.#deps;
    const found = (await summaries.byIds([roomId])).get(roomId);
    if (!found || !(await access.ofServer(origin, [found])).has(roomId)) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such room that your server can get into');
    }
    const inside = (await children.of([found], suggestedOnly)).get(found.room.nid) ?? [];
    const known: LocalSummary[] = [
      ...(await summaries.byIds(inside.slice(0, MAX_CHILDREN).map((child) => child.state_key))).values(),
    ];
    const visible = await access.ofServer(origin, known);
    return {
      room: { ...found.summary, children_state: inside },
      children: known.filter(({ room }) => visible.has(room.roomId)).map(({ summary }) => summary),
      inaccessible: known.filter(({ room }) => !visible.has(room.roomId)).map(({ room }) => room.roomId),
    };
  }
}
