import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name } from '../text.ts';

/** https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid */
export const sendToDevice = clientEndpoint({
  operationId: 'sendToDevice',
  method: 'PUT',
  path: '/_matrix/client/v3/sendToDevice/:eventType/:txnId',
  auth: 'user',
  params: Type.Object({ eventType: name, txnId: Type.String() }),
  query: nothing,
  /** By user, then by device, or `*` for all of the user's devices. */
  body: Type.Object({ messages: Type.Record(Type.String(), Type.Record(Type.String(), formats.object)) }),
  response: nothing,
});
