import { createClient, PendingEventOrdering, Preset, Visibility, type MatrixClient } from 'matrix-js-sdk';
import { createValue } from '../../reactive/value.ts';
import { together } from '../../reactive/disposables.ts';
import type { Account, NewRoom, Session } from '../gateway.ts';
import type { RoomSummary } from '../room-summary.ts';
import { connectionOf } from './connection.ts';
import { SocketFetch } from '../socket/socket-fetch.ts';
import { quietLogger } from './logger.ts';
import type { GatewayNeeds } from './needs.ts';
import { liveRoom, type LiveRoom } from './room.ts';
import { seenIn } from './seen.ts';
import { summarise } from './summarise.ts';
import { nameIn } from './to-entry.ts';
import { inWords } from './trouble.ts';
import { watchRooms } from './watch-rooms.ts';

/** Messages of each room that come with the first sync. */
const FIRST_PAGE = 20;

export const openAccount = (session: Session, needs: GatewayNeeds): Account => {
  const socket = new SocketFetch({ ...needs, baseUrl: session.baseUrl });
  const client = createClient({ ...session, disableVoip: true, logger: quietLogger, fetchFn: socket.fetch });
  const seen = seenIn(needs.storage, session.userId);
  const rooms = createValue<readonly RoomSummary[]>([]);
  const displayName = createValue(client.getUserIdLocalpart() ?? session.userId);
  const summaries = new Map<string, RoomSummary>();
  const open = new Map<string, LiveRoom>();

  const watch = watchRooms(client, needs.clock, (dirty) => {
    for (const roomId of dirty) {
      const room = client.getRoom(roomId);
      if (room) summaries.set(roomId, summarise(room, session.userId, seen));
      else summaries.delete(roomId);
      open.get(roomId)?.refresh();
    }
    rooms.set([...summaries.values()]);
    const user = client.getUser(session.userId);
    displayName.set(nameIn(user && { name: user.displayName ?? session.userId }, session.userId));
  });
  const link = connectionOf(client, needs.online);
  const network = needs.online.observe(() => {
    if (needs.online.get()) socket.retry();
  });
  const stop = { [Symbol.dispose]: () => client.stopClient() };
  void start(client);

  return {
    userId: session.userId,
    displayName,
    connection: link.connection,
    isReady: link.isReady,
    isRevoked: link.isRevoked,
    rooms,
    room(roomId) {
      const existing = open.get(roomId);
      if (existing) return existing;
      const room = liveRoom(roomId, { client, seen, changed: watch.changed });
      room.refresh();
      open.set(roomId, room);
      return room;
    },
    createRoom: (room) => inWords(createRoom(client, room)),
    join: async (roomIdOrAlias, via) =>
      (await inWords(client.joinRoom(roomIdOrAlias, { viaServers: [...via] }))).roomId,
    reconnect: () => {
      socket.retry();
      client.retryImmediately();
    },
    logOut: async () => {
      await inWords(client.logout(true));
    },
    ...together([watch, link, network, stop, socket]),
  };
};

const start = (client: MatrixClient): Promise<void> =>
  client.startClient({
    initialSyncLimit: FIRST_PAGE,
    lazyLoadMembers: true,
    // Own messages that the server has not accepted yet are kept apart, in the order they were written.
    pendingEventOrdering: PendingEventOrdering.Detached,
  });

const createRoom = async (client: MatrixClient, { name, isPublic, alias }: NewRoom): Promise<string> => {
  const { room_id: roomId } = await client.createRoom({
    name,
    preset: isPublic ? Preset.PublicChat : Preset.PrivateChat,
    visibility: isPublic ? Visibility.Public : Visibility.Private,
    ...(alias !== undefined && { room_alias_name: alias }),
  });
  return roomId;
};
