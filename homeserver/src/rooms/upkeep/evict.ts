import { MatrixError } from '@holm/spec/errors';
import { serverOf, type UserId } from '@holm/spec/ids';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { RoomEngine } from '../engine.ts';
import type { RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { Draft } from '../send/draft.ts';

/** People who are taken out of a room with one write. */
const TOGETHER = 50;

interface Present {
  readonly user_id: UserId;
  readonly membership: string;
  readonly sender: UserId;
}

const store = {
  /** Those of our users who are in a room, or on the way in; and whom they have invited from elsewhere. */
  present: (tx: ReadTx, room: RoomNid, us: string): Promise<Present[]> =>
    tx.rows(sql`
      SELECT user_id, membership, sender FROM memberships
       WHERE room_nid = ${room} AND ((server = ${us} AND membership IN ('join', 'invite', 'knock'))
             OR (server <> ${us} AND membership = 'invite'))
       ORDER BY server = ${us}, membership = 'join', user_id`),
};

/**
 * Takes all users of this server out of a room, each as if they had left. Invites that they have sent elsewhere are
 * taken back first: nobody could accept them any more. What the room's rules refuse stays as it is.
 */
export const evictAll = async (engine: RoomEngine, db: Database, room: Room, reason?: string): Promise<void> => {
  const us = engine.serverName;
  const present = await store.present(db, room.nid, us);
  const drafts = present
    .filter(({ user_id: user, sender }) => serverOf(user) === us || serverOf(sender) === us)
    .map(({ user_id: user, sender }): Draft => {
      const content = { membership: 'leave', ...(reason !== undefined && { reason }) };
      return { sender: serverOf(user) === us ? user : sender, type: 'm.room.member', stateKey: user, content };
    });
  for (let start = 0; start < drafts.length; start += TOGETHER) {
    await sendWhatIsAllowed(engine, room, drafts.slice(start, start + TOGETHER));
  }
};

const sendWhatIsAllowed = async (engine: RoomEngine, room: Room, drafts: readonly Draft[]): Promise<void> => {
  const send = (some: readonly Draft[]) => sendAll(engine, room, some);
  if (await send(drafts)) return;
  for (const draft of drafts) await send([draft]);
};

/** False when one of them is refused. Past the hold on the room: that does not keep anybody in. */
const sendAll = async (
  { queue, sender, holds }: RoomEngine,
  { nid, roomId }: Room,
  drafts: readonly Draft[],
): Promise<boolean> => {
  try {
    if (holds.isStopped(roomId)) await queue.run(nid, () => sender.buildAll(roomId, drafts));
    else await sender.sendAll(roomId, drafts);
    return true;
  } catch (error) {
    if (error instanceof MatrixError) return false;
    throw error;
  }
};
