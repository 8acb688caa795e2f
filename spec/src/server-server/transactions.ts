import { type Static, Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { MAX_PDU_BYTES } from './pdu.ts';

/** https://spec.matrix.org/latest/server-server-api/#transactions */
export const MAX_PDUS_PER_TRANSACTION = 50;
export const MAX_EDUS_PER_TRANSACTION = 100;

export const edu = Type.Object({ edu_type: Type.String(), content: formats.object });
export type Edu = Static<typeof edu>;

export const sendTransaction = serverEndpoint({
  operationId: 'sendTransaction',
  method: 'PUT',
  path: '/_matrix/federation/v1/send/:txnId',
  auth: 'server',
  // Ids are remembered; nobody's are longer.
  params: Type.Object({ txnId: Type.String({ maxLength: 255 }) }),
  query: nothing,
  body: Type.Object({
    // Who sent it is known from the signature; some servers leave these out.
    origin: Type.Optional(Type.String()),
    origin_server_ts: Type.Optional(Type.Number()),
    // Checked one by one: a broken entry must not cost the sender the others.
    pdus: Type.Optional(Type.Array(formats.json)),
    edus: Type.Optional(Type.Array(formats.json)),
  }),
  response: Type.Object({
    pdus: Type.Optional(Type.Record(Type.String(), Type.Object({ error: Type.Optional(Type.String()) }))),
  }),
  // Fifty PDUs of the largest size, with room for the EDUs.
  maxBodyBytes: 2 * MAX_PDUS_PER_TRANSACTION * MAX_PDU_BYTES,
});
