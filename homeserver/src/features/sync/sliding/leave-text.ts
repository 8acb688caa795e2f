import { hash } from 'node:crypto';
import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonText } from '../json-text.ts';

/**
 * NOTSPEC: there is no such event, or not any more. But in the dialect that clients speak now nothing else says that a room
 * was left, and one of which nothing is said is taken for joined.
 */
export const leaveText = (user: UserId, roomId: RoomId): JsonText =>
  JSON.stringify({
    type: 'm.room.member',
    state_key: user,
    sender: user,
    content: { membership: 'leave' },
    event_id: `$${hash('sha256', `${roomId} ${user}`, 'base64url')}`,
    origin_server_ts: 0,
  });
