import { type TProperties, Type } from '@sinclair/typebox';
import { clientEndpoint, serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name, text } from '../text.ts';

/**
 * How clients find a LiveKit SFU and get into its calls: MSC4143 and MSC4195, and the service of their older drafts,
 * which stands beside a homeserver and which most clients speak with.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4143
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4195
 */
const UNSTABLE = 'unstable/io.element.msc4195/rtc/livekit';

const MAX_BODY_BYTES = 16_384;
const url = text(2_048, 1);
const transport = Type.Object({ type: Type.String(), url: Type.String(), livekit_service_url: Type.String() });

export const getRtcTransports = clientEndpoint({
  operationId: 'getRtcTransports',
  method: 'GET',
  path: '/_matrix/client/v1/rtc/transports',
  auth: 'user',
  rateLimit: 'other',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ transports: Type.Array(transport) }),
});

export const getRtcTransportsUnstable = clientEndpoint({
  ...getRtcTransports,
  operationId: 'getRtcTransportsUnstable',
  path: '/_matrix/client/unstable/org.matrix.msc4143/rtc/transports',
  response: Type.Object({ rtc_transports: Type.Array(transport) }),
});

const openIdToken = Type.Object({ access_token: text(1_000, 1), matrix_server_name: formats.serverName });
const member = Type.Object({ id: name, claimed_user_id: formats.userId, claimed_device_id: name });

/** Drafts had the leave delegated in the same request. How long the delay is, the delayed event says. */
const delegation = { delay_id: Type.Optional(text(255)) };

const entrance = Type.Object({ url: Type.String(), jwt: Type.String() });

const service = <T extends TProperties, R extends TProperties>(
  operationId: string,
  path: `/${string}`,
  body: T,
  response: ReturnType<typeof Type.Object<R>>,
) =>
  clientEndpoint({
    operationId,
    method: 'POST',
    path: `/livekit/jwt${path}`,
    auth: 'none',
    rateLimit: 'call',
    params: nothing,
    query: nothing,
    body: Type.Object(body),
    response,
    maxBodyBytes: MAX_BODY_BYTES,
  });

/** For clients that knew neither slots nor members. */
export const getSfu = service(
  'getLivekitSfu',
  '/sfu/get',
  { room: formats.roomId, openid_token: openIdToken, device_id: name, ...delegation },
  entrance,
);

export const getServiceToken = service(
  'getLivekitServiceToken',
  '/get_token',
  { room_id: formats.roomId, slot_id: name, openid_token: openIdToken, member, ...delegation },
  entrance,
);

export const delegateToService = service(
  'delegateDelayedLeaveToLivekitService',
  '/delegate_delayed_leave',
  { room_id: formats.roomId, slot_id: name, openid_token: openIdToken, member, delay_id: text(255, 1) },
  nothing,
);

/** Drafts had an object about the member, of which the id is what counts. */
const asked = {
  url,
  room_id: formats.roomId,
  slot_id: name,
  member_id: Type.Optional(name),
  member: Type.Optional(Type.Object({ id: name })),
};
const token = Type.Object({ jwt: text(16_384, 1) });

export const getLivekitToken = clientEndpoint({
  operationId: 'getLivekitToken',
  method: 'POST',
  path: '/_matrix/client/v1/rtc/livekit/get_token',
  aliases: [`/_matrix/client/${UNSTABLE}/get_token`],
  auth: 'user',
  rateLimit: 'call',
  params: nothing,
  query: nothing,
  body: Type.Object({ ...asked, server_name: Type.Optional(formats.serverName) }),
  response: token,
  maxBodyBytes: MAX_BODY_BYTES,
});

export const delegateDelayedLeave = clientEndpoint({
  operationId: 'delegateDelayedLeave',
  method: 'POST',
  path: '/_matrix/client/v1/rtc/livekit/delegate_delayed_leave',
  aliases: [`/_matrix/client/${UNSTABLE}/delegate_delayed_leave`],
  auth: 'user',
  rateLimit: 'call',
  params: nothing,
  query: nothing,
  body: Type.Object({ ...asked, delay_id: text(255, 1) }),
  response: nothing,
  maxBodyBytes: MAX_BODY_BYTES,
});

export const getLivekitTokenForUser = serverEndpoint({
  operationId: 'getLivekitTokenForUser',
  method: 'POST',
  path: '/_matrix/federation/v1/rtc/livekit/get_token',
  auth: 'server',
  rateLimit: 'call',
  params: nothing,
  query: nothing,
  body: Type.Object({ ...asked, user_id: formats.userId }),
  response: token,
  maxBodyBytes: MAX_BODY_BYTES,
});

export const getLivekitTokenForUserUnstable = serverEndpoint({
  ...getLivekitTokenForUser,
  operationId: 'getLivekitTokenForUserUnstable',
  path: `/_matrix/federation/${UNSTABLE}/get_token`,
});
