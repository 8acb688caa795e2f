import { MatrixError } from '@holm/spec/errors';
import { FederationError } from '../../federation/client/federation-error.ts';

/** What is wrong with what we asked is nothing that the client could ask otherwise. */
const OUR_FAULTS = new Set(['M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_BAD_JSON', 'M_NOT_JSON', 'M_UNRECOGNIZED']);
const UNABLE_TO_LET_IN = new Set(['M_UNABLE_TO_AUTHORISE_JOIN', 'M_UNABLE_TO_GRANT_JOIN']);

/**
 * What a client is told of another server's failure. "The error should be passed through to clients so that they may give
 * better feedback": https://spec.matrix.org/latest/server-server-api/#get_matrixfederationv1make_joinroomiduserid
 */
export const asMatrixError = (error: unknown): MatrixError => {
  if (error instanceof MatrixError) return error;
  if (!(error instanceof FederationError)) throw error;
  return refusalOf(error) ?? unreachable(error);
};

/** Undefined where the other server did not say a no that is meant for the client. */
const refusalOf = ({ destination, status, errcode, body }: FederationError): MatrixError | undefined => {
  const { error: said, room_version: version } = body;
  const message = `${destination}: ${typeof said === 'string' ? said : 'no reason given'}`;
  if (status === 403) return new MatrixError(errcode === 'M_INVITE_BLOCKED' ? errcode : 'M_FORBIDDEN', message);
  if (status === 404) return new MatrixError('M_NOT_FOUND', message);
  if (status !== 400 || errcode === undefined || OUR_FAULTS.has(errcode)) return undefined;
  if (UNABLE_TO_LET_IN.has(errcode)) return new MatrixError('M_FORBIDDEN', message);
  return MatrixError.relayed(errcode, message, {
    status,
    ...(typeof version === 'string' && { extra: { room_version: version } }),
  });
};

const unreachable = (cause: FederationError): MatrixError =>
  new MatrixError('M_UNKNOWN', `${cause.destination} could not be reached or made no sense`, { status: 502, cause });

/** As `asMatrixError`, of an invite: clients know the same failure by another name there. */
export const asInviteError = (error: unknown): MatrixError => {
  const refusal = asMatrixError(error);
  if (refusal.errcode !== 'M_INCOMPATIBLE_ROOM_VERSION') return refusal;
  return new MatrixError('M_UNSUPPORTED_ROOM_VERSION', refusal.message, { cause: error });
};

/** How much of an answer a refusal is: what one server says clearly counts for more than that another one is away. */
export const clarityOf = ({ status }: MatrixError): number => [400, 403].indexOf(status);
