import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { membershipOf, profileOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { Membership } from '../../core/events/membership.ts';
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
/** What is so in a room: now, or when the user left. Answers are JSON text, that of many events bit by bit. */
export class RoomState {
  readonly #engine: RoomEngine;

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  async all(caller: Viewer, roomId: RoomId): Promise<AsyncGenerator<string, void>> {
    const look = () => this.#engine.access.of(caller.userId, roomId);
    const { snapshot } = await this.#known(await look(), look);
    return this.#texts(snapshot, (events) => this.#full(events, caller), ['[', ']']);
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

  async members(caller: Viewer, roomId: RoomId, query: MembersQuery): Promise<AsyncGenerator<string, void>> {
    const look = () => this.#engine.access.of(caller.userId, roomId);
    const access = await this.#known(await look(), look);
    const snapshot = query.at === undefined ? access.snapshot : await this.#stateAt(access, query.at);
    const wanted = (events: readonly StoredEvent[]) =>
      events.filter(({ event }) => isMember(event) && isWanted(membershipOf(event), query));
    return this.#texts(snapshot, (events) => this.#full(wanted(events), caller), ['{"chunk":[', ']}']);
  }

  /** Name and picture of everybody in the room, for those who are in it, too. */
  async joined(user: UserId, roomId: RoomId): Promise<AsyncGenerator<string, void>> {
    const look = () => this.#engine.access.ofMember(user, roomId);
    const { snapshot } = await this.#known(await look(), look);
    const write = (events: readonly StoredEvent[]) =>
      events.filter(({ event }) => isMember(event) && membershipOf(event) === 'join').map(profileText);
    return this.#texts(snapshot, (events) => Promise.resolve(write(events)), ['{"joined":{', '}}']);
  }

  /** A room that has just been joined may not be known in full yet; whoever asks for all of it waits, if not for ever. */
  async #known(access: Access, look: () => Promise<Access>): Promise<Access> {
    const { partial } = this.#engine;
    if (!partial.get(access.room.nid)) return access;
    await partial.whenComplete(access.room.nid, PATIENCE_MS);
    return look();
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

  async #full(events: readonly StoredEvent[], viewer: Viewer): Promise<readonly string[]> {
    return this.#engine.clientEvents.full(events, viewer);
  }

  /** Nothing of it is made before it is asked for. */
  async *#texts(
    snapshot: SnapshotId,
    write: (events: readonly StoredEvent[]) => Promise<readonly string[]>,
    [start, end]: readonly [string, string],
  ): AsyncGenerator<string, void> {
    let text = start;
    let comma = '';
    for await (const events of this.#engine.states.some(snapshot)) {
      const texts = await write(events);
      if (texts.length === 0) continue;
      if (comma !== '') yield text;
      text = `${comma === '' ? text : comma}${texts.join(',')}`;
      comma = ',';
    }
    yield text + end;
  }
}

const isMember = ({ type }: Event): boolean => type === 'm.room.member';

/** A member of an object. */
const profileText = (member: StoredEvent): string => {
  const { displayName, avatarUrl } = profileOf(shown(member).content);
  const profile = {
    ...(displayName !== undefined && { display_name: displayName }),
    ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
  };
  return `${JSON.stringify(member.event.stateKey)}:${JSON.stringify(profile)}`;
};

/** Both conditions at once let in what meets either: https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmembers */
const isWanted = (
  is: Membership | undefined,
  { membership, not_membership: not }: Pick<MembersQuery, 'membership' | 'not_membership'>,
): boolean => {
  if (membership === undefined) return not === undefined || is !== not;
  return is === membership || (not !== undefined && is !== not);
};
