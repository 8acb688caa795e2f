import { type Static, type TProperties, Type } from '@sinclair/typebox';
import { DIALECTS, METHODS, WEBSOCKET } from './websocket-wire.ts';

/**
 * Sync and requests over one WebSocket. What the messages mean, and in which order they may come, is told in
 * `spec/extensions/websocket.md`; `websocket.schema.json` beside it is printed from these schemas.
 */

const id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const head = <const Name extends string, P extends TProperties>(type: Name, properties: P) =>
  Type.Object({ type: Type.Literal(type), ...properties });

/** First lines of what clients say. */
export const clientHeads = {
  auth: head('auth', { access_token: Type.String({ minLength: 1, maxLength: 4096 }) }),
  request: head('request', {
    id,
    method: Type.Union(METHODS.map((method) => Type.Literal(method))),
    /** Path and query, percent-encoded, as in the first line of an HTTP request. */
    path: Type.String({ pattern: '^/[!-~]*$' }),
  }),
  cancel: head('cancel', { id }),
  follow: head('follow', {
    id,
    dialect: Type.Union(DIALECTS.map((dialect) => Type.Literal(dialect))),
    /** Where to go on: `next_batch` or `pos` of the last answer that was taken in. */
    pos: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
    /** The query parameters of the dialect, with their types in JSON. */
    query: Type.Optional(Type.Object({}, { additionalProperties: true })),
    /** Milliseconds. */
    timeout: Type.Optional(Type.Integer({ minimum: 1000, maximum: WEBSOCKET.maxSilenceMs })),
  }),
  ack: head('ack', { id, pos: Type.String() }),
  unfollow: head('unfollow', { id }),
  ping: head('ping', {}),
};

/** First lines of what the server says. */
export const serverHeads = {
  ready: head('ready', {
    user_id: Type.String(),
    device_id: Type.String(),
    max_message_bytes: Type.Integer(),
    max_requests: Type.Integer(),
    max_follows: Type.Integer(),
    ping_interval_ms: Type.Integer(),
  }),
  refused: head('refused', { status: Type.Integer() }),
  answer: head('answer', {
    id,
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    /** Names in lower case. */
    headers: Type.Record(Type.String(), Type.String()),
  }),
  update: head('update', { id, pos: Type.String() }),
  over: head('over', { id, status: Type.Integer({ minimum: 400, maximum: 599 }) }),
  pong: head('pong', {}),
};

export type ClientHead = Static<(typeof clientHeads)[keyof typeof clientHeads]>;
export type ServerHead = Static<(typeof serverHeads)[keyof typeof serverHeads]>;
