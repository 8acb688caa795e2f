import { type TProperties, Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { storable } from '../text.ts';
import { stickyQuery } from './sticky-events.ts';

/**
 * Events that are sent later, unless their sender thinks better of it (MSC4140), under the names it was merged with and
 * under those of its drafts, which clients go on using for a while:
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4140
 */
const UNSTABLE = '/_matrix/client/unstable/org.matrix.msc4140';

const ACTIONS = ['send', 'cancel', 'restart'] as const;
export type DelayAction = (typeof ACTIONS)[number];
const action = Type.Unsafe<DelayAction>(Type.Union(ACTIONS.map((name) => Type.Literal(name))));

const delayMs = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const delayId = Type.Object({ delay_id: Type.String() });
const byId = Type.Object({ delayId: storable });

const schedule = <T extends TProperties>(operationId: string, path: `/${string}`, delay: T) =>
  clientEndpoint({
    operationId,
    method: 'PUT',
    path,
    auth: 'user',
    rateLimit: 'message',
    params: Type.Object({ roomId: formats.roomId, eventType: storable, txnId: Type.String() }),
    query: stickyQuery,
    body: Type.Object({ ...delay, state_key: Type.Optional(storable), content: formats.object }),
    response: delayId,
  });

export const scheduleDelayedEvent = schedule(
  'scheduleDelayedEvent',
  '/_matrix/client/v3/rooms/:roomId/delayed_event/:eventType/:txnId',
  { delay_ms: delayMs },
);

/** Drafts of the proposal said `delay`. */
export const scheduleDelayedEventUnstable = schedule(
  'scheduleDelayedEventUnstable',
  `${UNSTABLE}/rooms/:roomId/delayed_event/:eventType/:txnId`,
  { delay_ms: Type.Optional(delayMs), delay: Type.Optional(delayMs) },
);

/** For whoever knows the id: a client may hand it to a service that notices when it goes away. */
export const manageDelayedEvent = clientEndpoint({
  operationId: 'manageDelayedEvent',
  method: 'POST',
  path: '/_matrix/client/v1/delayed_events/:delayId/:action',
  aliases: [`${UNSTABLE}/delayed_events/:delayId/:action`],
  auth: 'none',
  rateLimit: 'other',
  params: Type.Object({ delayId: storable, action }),
  query: nothing,
  body: nothing,
  response: nothing,
});

export const manageDelayedEventByBody = clientEndpoint({
  operationId: 'manageDelayedEventByBody',
  method: 'POST',
  path: `${UNSTABLE}/delayed_events/:delayId`,
  auth: 'none',
  rateLimit: 'other',
  params: byId,
  query: nothing,
  body: Type.Object({ action }),
  response: nothing,
});

const standardError = Type.Object({ errcode: Type.String(), error: Type.String() }, { additionalProperties: true });

const told = {
  delay_id: Type.String(),
  room_id: Type.String(),
  type: Type.String(),
  state_key: Type.Optional(Type.String()),
  content: formats.object,
  delay_ms: Type.Integer(),
  delayed_since_ts: Type.Integer(),
  finalised: Type.Optional(
    Type.Object({
      finalised_ts: Type.Integer(),
      event_id: Type.Optional(Type.String()),
      error: Type.Optional(standardError),
    }),
  ),
};

export const delayedEvent = Type.Object(told);

/** With the names of the drafts beside those of the proposal. */
const delayedEventUnstable = Type.Object({ ...told, delay: Type.Integer(), running_since: Type.Integer() });

export const getDelayedEvent = clientEndpoint({
  operationId: 'getDelayedEvent',
  method: 'GET',
  path: '/_matrix/client/v1/delayed_events/:delayId',
  auth: 'user',
  rateLimit: 'other',
  params: byId,
  query: nothing,
  body: nothing,
  response: delayedEvent,
});

export const getDelayedEventUnstable = clientEndpoint({
  operationId: 'getDelayedEventUnstable',
  method: 'GET',
  path: `${UNSTABLE}/delayed_events/:delayId`,
  auth: 'user',
  rateLimit: 'other',
  params: byId,
  query: nothing,
  body: nothing,
  response: delayedEventUnstable,
});

/** Taken out of the proposal when it was merged (MSC4486 is to bring it back), but clients of its drafts ask. */
export const getDelayedEventsUnstable = clientEndpoint({
  operationId: 'getDelayedEventsUnstable',
  method: 'GET',
  path: `${UNSTABLE}/delayed_events`,
  auth: 'user',
  rateLimit: 'other',
  params: nothing,
  query: Type.Object({
    status: Type.Optional(Type.Union([Type.Literal('scheduled'), Type.Literal('finalised')])),
    from: Type.Optional(Type.String()),
  }),
  body: nothing,
  response: Type.Object({
    delayed_events: Type.Array(delayedEventUnstable),
    scheduled: Type.Array(delayedEventUnstable),
    finalised: Type.Array(
      Type.Object({
        delayed_event: delayedEventUnstable,
        outcome: Type.Union([Type.Literal('send'), Type.Literal('cancel')]),
        reason: Type.Union([Type.Literal('error'), Type.Literal('action'), Type.Literal('delay')]),
        error: Type.Optional(standardError),
        event_id: Type.Optional(Type.String()),
        origin_server_ts: Type.Integer(),
      }),
    ),
    next_batch: Type.Optional(Type.String()),
  }),
});
