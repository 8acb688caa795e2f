import { type Static, type TProperties, Type } from '@sinclair/typebox';

/**
 * Sync and requests over one WebSocket. What the messages mean, and in which order they may come, is told in
 * `spec/extensions/websocket.md`; `websocket.schema.json` beside it is printed from these schemas.
 */
export const WEBSOCKET = {
  path: '/_matrix/client/unstable/holm.websocket/v1',
  /** Offered by the client as `Sec-WebSocket-Protocol`, and taken by the server. */
  protocol: 'holm.websocket.v1',
  /** In `unstable_features` of `/versions`. */
  feature: 'holm.websocket',
  /** Longest first line of a message, in UTF-16 units. */
  maxHeadLength: 16_384,
  maxFollows: 4,
  /** Longest time without an update, in milliseconds. */
  maxSilenceMs: 300_000,
} as const;

/** Why a socket was closed by the server, beside 1001, 1002, 1007 and 1009, which mean what RFC 6455 says. */
export const CLOSED = {
  badMessage: 4000,
  sessionOver: 4001,
  softLogout: 4002,
  notAuthenticated: 4003,
  tooSlow: 4008,
  tooMany: 4029,
} as const;

export const DIALECTS = ['v3', 'v4', 'simplified_msc3575'] as const;
export type Dialect = (typeof DIALECTS)[number];

const id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const head = <const Name extends string, P extends TProperties>(type: Name, properties: P) =>
  Type.Object({ type: Type.Literal(type), ...properties });

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

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

/** What a message of the WebSocket is, in either direction: a first line of JSON, and what it is about. */
export interface Message<Head> {
  readonly head: Head;
  /** Text as it would be the body of an HTTP request or response; empty where there is none. */
  readonly payload: string;
}

/** One message as text: its head on the first line, and its payload, untouched, after that. */
export const writeMessage = (head: ClientHead | ServerHead, payload = ''): string =>
  payload === '' ? JSON.stringify(head) : `${JSON.stringify(head)}\n${payload}`;

/** Takes a message apart. The head is JSON that is still to be read. */
export const splitMessage = (text: string): Message<string> => {
  const end = text.indexOf('\n');
  return end === -1 ? { head: text, payload: '' } : { head: text.slice(0, end), payload: text.slice(end + 1) };
};
