import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pduEnvelope, pdus, roomParams } from './pdu.ts';

export const backfillRoom = serverEndpoint({
  operationId: 'backfillRoom',
  method: 'GET',
  path: '/_matrix/federation/v1/backfill/:roomId',
  auth: 'server',
  params: roomParams,
  /** The events to start from (themselves included), and how many to give at most. */
  query: Type.Object({ v: Type.Array(formats.eventId), limit: Type.Integer({ minimum: 0 }) }),
  body: nothing,
  response: pduEnvelope,
});

export const getMissingPreviousEvents = serverEndpoint({
  operationId: 'getMissingPreviousEvents',
  method: 'POST',
  path: '/_matrix/federation/v1/get_missing_events/:roomId',
  auth: 'server',
  params: roomParams,
  query: nothing,
  body: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    min_depth: Type.Optional(Type.Number()),
    /** What the caller has; the walk stops there. */
    earliest_events: Type.Optional(Type.Array(formats.eventId)),
    /** What the caller wants the ancestors of; these themselves are not in the answer. */
    latest_events: Type.Array(formats.eventId),
  }),
  response: Type.Object({ events: pdus }),
});
