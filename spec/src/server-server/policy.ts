import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu } from './pdu.ts';

/** What a room's policy server is asked; not every server is one. */
export const askPolicyServerToSign = serverEndpoint({
  operationId: 'askPolicyServerToSign',
  method: 'POST',
  path: '/_matrix/policy/v1/sign',
  auth: 'server',
  params: nothing,
  query: nothing,
  body: pdu,
  /** Signatures by server and key id: its own, or none. */
  response: formats.object,
});
