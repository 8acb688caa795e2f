import { MatrixError } from '@holm/spec/errors';
import { serverOf } from '@holm/spec/ids';
import { queryProfile } from '@holm/spec/server-server/queries';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { RemoteProfiles } from './profiles.service.ts';

/** A profile is at most 64 KiB; answers are remembered, so nobody may send us more than that. */
const MAX_BYTES = 128 * 1024;

/** Asks the servers that the users belong to. */
export const federatedProfiles = (client: Pick<FederationClient, 'call'>): RemoteProfiles => ({
  async query(userId, field) {
    const server = serverOf(userId);
    try {
      const query = { user_id: userId, ...(field !== undefined && { field }) };
      const profile = await client.call(server, queryProfile, { query, maxBytes: MAX_BYTES });
      // What is not set may be there as `null`.
      return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== null));
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (error.status === 404) return undefined;
      if (error.status === 403 || error.failure === 'forbidden') {
        throw new MatrixError('M_FORBIDDEN', `${server} does not show this profile`, { cause: error });
      }
      throw new MatrixError('M_UNKNOWN', `${server} does not answer`, { status: 502, cause: error });
    }
  },
});
