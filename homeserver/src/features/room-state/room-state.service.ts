import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { membershipOf, profileOf } from '../../core/events/content.ts';
import type { Membership } from '../../core/events/membership.ts';
import { mapInTurns, slices } from '../../platform/turns.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Access } from '../../rooms/timeline/access.ts';
import { shown, type Viewer } from '../../rooms/timeline/client-events.ts';
import { parsePlace } from '../../streams/tokens.ts';

export interface MembersQuery {
  /** A token: as of then. */
  readonly at?: string;
  readonly membership?: Membership;
  readonly not_membership?: Membership;
}

export interface StateQuery {
  readonly roomId: RoomId;
  readonly type: string;
  readonly stateKey: string;
  readonly format: 'content' | 'event';
}

/** How long an answer waits for what is not known yet. Then it is given with what is. */
const PATIENCE_MS = 45_000;
/** Events of an answer that are put into words before others have their turn. */
const WRITTEN_AT_ONCE = 500;

/** What is so in a room: now, or when the user left. Answers are JSON text: events are serialised once. */
export class RoomState {
  readonly #engine: RoomEngine;

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  async all(caller: Viewer, roomId: RoomId): Promise<string> {
    const { access, states } = this.#engine;
    const look = () => access.of(caller.userId, roomId);
    const { snapshot } = await this.#known(await look(), look);
    return this.#list(await states.all(snapshot), caller);
  }

  /** M_NOT_FOUND where the room has nothing of that name. */
  async one(caller: Viewer, { roomId, type, stateKey, format }: StateQuery): Promise<string> {
    const { access, presenter, states, visible } = this.#engine;
    const { room, snapshot } = await access.of(caller.userId, roomId);
    const event = await states.get(room, snapshot, [type, stateKey]);
    if (!event) throw new MatrixError('M_NOT_FOUND', 'the room has no such state');
    if (format === 'content') return JSON.stringify(shown(event).content);
    const reader = { viewer: caller, sight: await visible.sight(caller.userId, room), ignored: new Set<UserId>() };
    return (await presenter.full(reader, [event])).join();
  }

  async members(caller: Viewer, roomId: RoomId, query: MembersQuery): Promise<string> {
    const look = () => this.#engine.access.of(caller.userId, roomId);
    const access = await this.#known(await look(), look);
    const snapshot = query.at === undefined ? access.snapshot : await this.#stateAt(access, query.at);
    const members = (await this.#membersIn(snapshot)).filter(({ event }) => isWanted(membershipOf(event), query));
    return `{"chunk":${await this.#list(members, caller)}}`;
  }

  /** Name and picture of everybody in the room, for those who are in it, too. */
  async joined(user: UserId, roomId: RoomId): Promise<string> {
    const look = () => this.#engine.access.ofMember(user, roomId);
    const { snapshot } = await this.#known(await look(), look);
    const members = (await this.#membersIn(snapshot)).filter(({ event }) => membershipOf(event) === 'join');
    const texts = await mapInTurns(members, (member) => {
      const { displayName, avatarUrl } = profileOf(shown(member).content);
      const profile = {
        ...(displayName !== undefined && { display_name: displayName }),
        ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
      };
      return `${JSON.stringify(member.event.stateKey)}:${JSON.stringify(profile)}`;
    });
    return `{"joined":{${texts.join(',')}}}`;
  }

  /** A room that has just been joined may not be known in full yet; whoever asks for all of it waits, if not for ever. */
  async #known(access: Access, look: () => Promise<Access>): Promise<Access> {
    const { partial } = this.#engine;
    if (!partial.get(access.room.nid)) return access;
    await partial.whenComplete(access.room.nid, PATIENCE_MS);
    return look();
  }

  async #membersIn(snapshot: SnapshotId): Promise<StoredEvent[]> {
    return (await this.#engine.states.all(snapshot)).filter(({ event }) => event.type === 'm.room.member');
  }

  /** The state at a token: that before the first event after it, but nothing later than the user may know. */
  async #stateAt({ room, snapshot, until = Infinity }: Access, token: string): Promise<SnapshotId> {
    const { timeline } = this.#engine;
    const place = parsePlace(token);
    const [events] = place.kind === 'sync' ? place.positions : [];
    const from = place.kind === 'timeline' ? place.after : events && (await timeline.placeAt(room, events));
    if (from === undefined) throw new MatrixError('M_INVALID_PARAM', 'this token says nothing of events');
    const [next] = await timeline.page(room, { from, direction: 'forward', limit: 1 });
    return next?.ord === undefined || next.ord > until ? snapshot : (next.snapshot ?? snapshot);
  }

  async #list(events: readonly StoredEvent[], viewer: Viewer): Promise<string> {
    const texts: string[] = [];
    for await (const some of slices(events, WRITTEN_AT_ONCE)) {
      texts.push((await this.#engine.clientEvents.full(some, viewer)).join(','));
    }
    return `[${texts.join(',')}]`;
  }
}

/** Both conditions at once let in what meets either: https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmembers */
const isWanted = (
  is: Membership | undefined,
  { membership, not_membership: not }: Pick<MembersQuery, 'membership' | 'not_membership'>,
): boolean => {
  if (membership === undefined) return not === undefined || is !== not;
  return is === membership || (not !== undefined && is !== not);
};
