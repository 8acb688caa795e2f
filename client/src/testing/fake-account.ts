import { createValue } from '../reactive/value.ts';
import type { Account } from '../sdk/gateway.ts';
import type { Member, RoomPort, Timeline } from '../sdk/room-port.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';

/** An account that remembers what was asked of it. */
export const fakeAccount = (userId = '@me:a.org') => {
  const calls: string[] = [];
  const rooms = createValue<readonly RoomSummary[]>([]);
  const isReady = createValue(true);
  const isRevoked = createValue(false);
  const trouble: { next?: Error } = {};

  const note = async <T>(call: string, answer: T): Promise<T> => {
    calls.push(call);
    const { next } = trouble;
    delete trouble.next;
    if (next) throw next;
    return answer;
  };
  const port = (roomId: string): RoomPort => ({
    timeline: createValue<Timeline>({ entries: [], hasEarlier: false }),
    members: createValue<readonly Member[]>([]),
    mayInvite: createValue(true),
    maySend: createValue(true),
    loadMembers: () => note(`members ${roomId}`, undefined),
    loadEarlier: () => note(`earlier ${roomId}`, undefined),
    send: (text) => void calls.push(`send ${roomId} ${text}`),
    retry: (key) => void calls.push(`retry ${key}`),
    discard: (key) => void calls.push(`discard ${key}`),
    invite: (user) => note(`invite ${user}`, undefined),
    leave: () => note(`leave ${roomId}`, undefined),
    markRead: () => void calls.push(`read ${roomId}`),
  });
  const account: Account = {
    userId,
    displayName: createValue('Me'),
    connection: createValue('online' as const),
    isReady,
    isRevoked,
    rooms,
    room: port,
    createRoom: ({ name, isPublic, alias }) =>
      note(`create ${name} ${isPublic ? 'public' : 'private'} ${alias ?? ''}`, '!new'),
    join: (target, via) => note(`join ${target} via ${via.join(',')}`, '!joined'),
    reconnect: () => void calls.push('reconnect'),
    logOut: () => note('log out', undefined),
    [Symbol.dispose]: () => void calls.push('dispose'),
  };
  return { account, calls, rooms, isReady, isRevoked, trouble };
};
