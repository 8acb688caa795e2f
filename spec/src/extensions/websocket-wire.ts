/** What both ends of the WebSocket need and that weighs nothing: browsers load it. The schemas are in `websocket.ts`. */
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

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** What a message of the WebSocket is, in either direction: a first line of JSON, and what it is about. */
export interface Message<Head> {
  readonly head: Head;
  /** Text as it would be the body of an HTTP request or response; empty where there is none. */
  readonly payload: string;
}

/** One message as text: its head on the first line, and its payload, untouched, after that. */
export const writeMessage = (head: object, payload = ''): string =>
  payload === '' ? JSON.stringify(head) : `${JSON.stringify(head)}\n${payload}`;

/** Takes a message apart. The head is JSON that is still to be read. */
export const splitMessage = (text: string): Message<string> => {
  const end = text.indexOf('\n');
  return end === -1 ? { head: text, payload: '' } : { head: text.slice(0, end), payload: text.slice(end + 1) };
};
