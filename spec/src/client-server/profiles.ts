import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const user = Type.Object({ userId: formats.userId });
/** Length and grammar have their own error codes, so the service looks at them. */
const field = Type.Object({ userId: formats.userId, keyName: Type.String() });

export const getUserProfile = clientEndpoint({
  operationId: 'getUserProfile',
  method: 'GET',
  path: '/_matrix/client/v3/profile/:userId',
  auth: 'none',
  params: user,
  query: nothing,
  body: nothing,
  response: formats.object,
});

export const getProfileField = clientEndpoint({
  operationId: 'getProfileField',
  method: 'GET',
  path: '/_matrix/client/v3/profile/:userId/:keyName',
  auth: 'none',
  params: field,
  query: nothing,
  body: nothing,
  response: formats.object,
});

export const setProfileField = clientEndpoint({
  operationId: 'setProfileField',
  method: 'PUT',
  path: '/_matrix/client/v3/profile/:userId/:keyName',
  auth: 'user',
  rateLimit: 'other',
  params: field,
  query: nothing,
  body: formats.object,
  response: nothing,
});

export const deleteProfileField = clientEndpoint({
  operationId: 'deleteProfileField',
  method: 'DELETE',
  path: '/_matrix/client/v3/profile/:userId/:keyName',
  auth: 'user',
  rateLimit: 'other',
  params: field,
  query: nothing,
  body: nothing,
  response: nothing,
});
