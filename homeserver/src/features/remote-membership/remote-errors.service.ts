import { MatrixError } from '@holm/spec/errors';
import { FederationError } from '../../federation/client/federation-error.ts';

/** What a client is told of another server's failure. */
export const asMatrixError = (error: unknown): MatrixError => {
  if (error instanceof MatrixError) return error;
  if (!(error instanceof FederationError)) throw error;
  const { destination, status, errcode } = error;
  const said = typeof error.body['error'] === 'string' ? error.body['error'] : 'no reason given';
  if (errcode === 'M_INVITE_BLOCKED') return new MatrixError('M_INVITE_BLOCKED', `${destination}: ${said}`);
  if (status === 403) return new MatrixError('M_FORBIDDEN', `${destination}: ${said}`);
  if (status === 404) return new MatrixError('M_NOT_FOUND', `${destination}: ${said}`);
  if (errcode === 'M_INCOMPATIBLE_ROOM_VERSION') {
    const { room_version } = error.body;
    return new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `${destination}: ${said}`, { extra: { room_version } });
  }
  if (errcode === 'M_UNABLE_TO_AUTHORISE_JOIN' || errcode === 'M_UNABLE_TO_GRANT_JOIN') {
    return new MatrixError('M_FORBIDDEN', `${destination}: ${said}`);
  }
  return new MatrixError('M_UNKNOWN', `${destination} could not be reached or made no sense`, {
    status: 502,
    cause: error,
  });
};
