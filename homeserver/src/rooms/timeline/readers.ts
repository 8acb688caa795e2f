import type { UserId } from '@holm/spec/ids';
import type { StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Reader } from '../relations/bundles.ts';
import type { Viewer } from './client-events.ts';
import type { Visible } from './visible.ts';

/** Whom somebody does not want to hear: https://spec.matrix.org/latest/client-server-api/#ignoring-users */
export type IgnoredBy = (user: UserId) => ReadonlySet<UserId> | Promise<ReadonlySet<UserId>>;

/** Readers of rooms, each for the time of one request. */
export class Readers {
  readonly #visible: Visible;
  /** From memory in the steady state. */
  readonly ignoredBy: IgnoredBy;

  constructor(visible: Visible, ignoredBy: IgnoredBy) {
    this.#visible = visible;
    this.ignoredBy = ignoredBy;
  }

  async of(
    viewer: Viewer,
    { room, until }: { readonly room: Room; readonly until?: number | undefined },
  ): Promise<Reader> {
    const { userId } = viewer;
    const [sight, ignored] = await Promise.all([this.#visible.sight(userId, room), this.ignoredBy(userId)]);
    return { viewer, sight, until, ignored };
  }
}

/** Of what ignored users say only what became part of a room's state is told, so that the room is the same to everybody. */
export const isWelcome = ({ event }: StoredEvent, ignored: ReadonlySet<UserId>): boolean =>
  ignored.size === 0 || event.stateKey !== undefined || !ignored.has(event.sender);
