import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu, roomParams } from './pdu.ts';

/** What an identity server has signed: that the invited address belongs to a user. */
export const signedProof = Type.Object({
  mxid: formats.userId,
  token: Type.String({ maxLength: 255 }),
  signatures: formats.object,
});

/** Makes an invite to an address one of a user, for the server of that user. The body is part of the member event. */
export const exchangeThirdPartyInvite = serverEndpoint({
  operationId: 'exchangeThirdPartyInvite',
  method: 'PUT',
  path: '/_matrix/federation/v1/exchange_third_party_invite/:roomId',
  auth: 'server',
  params: roomParams,
  query: nothing,
  body: pdu,
  response: nothing,
});

/** An identity server tells that an address belongs to one of our users now. It has no way to sign requests. */
export const onBindThirdPartyIdentifier = serverEndpoint({
  operationId: 'onBindThirdPartyIdentifier',
  method: 'PUT',
  path: '/_matrix/federation/v1/3pid/onbind',
  auth: 'none',
  rateLimit: 'invite',
  params: nothing,
  query: nothing,
  body: Type.Object({
    medium: Type.String(),
    address: Type.String(),
    mxid: formats.userId,
    invites: Type.Array(formats.json, { maxItems: 100 }),
  }),
  response: nothing,
});
