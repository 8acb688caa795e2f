import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name } from '../text.ts';

/** Account data holds whole settings documents, but is sent with every initial sync. */
const MAX_BYTES = 256 * 1024;

const global = Type.Object({ userId: formats.userId, type: name });
const perRoom = Type.Object({ userId: formats.userId, roomId: formats.roomId, type: name });

export const setAccountData = clientEndpoint({
  operationId: 'setAccountData',
  method: 'PUT',
  path: '/_matrix/client/v3/user/:userId/account_data/:type',
  auth: 'user',
  params: global,
  query: nothing,
  body: formats.object,
  response: nothing,
  maxBodyBytes: MAX_BYTES,
});

export const getAccountData = clientEndpoint({
  operationId: 'getAccountData',
  method: 'GET',
  path: '/_matrix/client/v3/user/:userId/account_data/:type',
  auth: 'user',
  params: global,
  query: nothing,
  body: nothing,
  response: formats.object,
});

export const setAccountDataPerRoom = clientEndpoint({
  operationId: 'setAccountDataPerRoom',
  method: 'PUT',
  path: '/_matrix/client/v3/user/:userId/rooms/:roomId/account_data/:type',
  auth: 'user',
  params: perRoom,
  query: nothing,
  body: formats.object,
  response: nothing,
  maxBodyBytes: MAX_BYTES,
});

export const getAccountDataPerRoom = clientEndpoint({
  operationId: 'getAccountDataPerRoom',
  method: 'GET',
  path: '/_matrix/client/v3/user/:userId/rooms/:roomId/account_data/:type',
  auth: 'user',
  params: perRoom,
  query: nothing,
  body: nothing,
  response: formats.object,
});
