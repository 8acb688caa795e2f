import { MatrixError } from '@holm/spec/errors';
import { RoomId, ServerName, serverOf } from '@holm/spec/ids';
import { queryRoomDirectory } from '@holm/spec/server-server/queries';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { RemoteAliases } from './aliases.service.ts';

/** Room for a thousand servers. */
const MAX_BYTES = 512 * 1024;

/** Asks the servers that the aliases belong to. */
export const federatedAliases = (client: Pick<FederationClient, 'call'>): RemoteAliases => ({
  async query(alias) {
    const server = serverOf(alias);
    try {
      // Somebody waits to get into a room: it is worth a try even if the server was silent a moment ago.
      const call = { query: { room_alias: alias }, ignoreBackOff: true, maxBytes: MAX_BYTES };
      const { room_id: roomId, servers } = await client.call(server, queryRoomDirectory, call);
      if (!RoomId.is(roomId)) return undefined;
      return { roomId, servers: servers.filter((name) => ServerName.is(name)) };
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (error.status === 404) return undefined;
      if (error.failure === 'forbidden') {
        throw new MatrixError('M_FORBIDDEN', `this server does not talk to ${server}`, { cause: error });
      }
      throw new MatrixError('M_UNKNOWN', `${server} does not answer`, { status: 502, cause: error });
    }
  },
});
