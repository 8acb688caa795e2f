import { RoomId, ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** An `m.space.child` event as hierarchies tell it. */
export interface SpaceChild {
  readonly type: 'm.space.child';
  readonly state_key: RoomId;
  readonly content: JsonObject;
  readonly sender: string;
  readonly origin_server_ts: number;
}

export const SPACE_CHILD = 'm.space.child';

/** Whoever tries a few servers has tried enough. */
const MAX_VIA = 5;
const MAX_ORDER = 50;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Undefined for what makes no room a child: https://spec.matrix.org/latest/client-server-api/#mspacechild */
export const readChild = (raw: Json | undefined): SpaceChild | undefined => {
  if (!isObject(raw) || raw['type'] !== SPACE_CHILD) return undefined;
  const { state_key: roomId, content, sender, origin_server_ts: at } = raw;
  if (!RoomId.is(roomId) || !isObject(content) || typeof sender !== 'string' || !isTime(at)) return undefined;
  const { via } = content;
  if (!Array.isArray(via) || !(via as readonly Json[]).some((name) => typeof name === 'string')) return undefined;
  return { type: SPACE_CHILD, state_key: roomId, content, sender, origin_server_ts: at };
};

const isTime = (value: Json | undefined): value is number => typeof value === 'number' && Number.isFinite(value);

export const viaOf = ({ content: { via } }: SpaceChild): ServerName[] =>
  Array.isArray(via) ? via.filter((name) => ServerName.is(name)).slice(0, MAX_VIA) : [];

export const isSuggested = ({ content }: SpaceChild): boolean => content['suggested'] === true;

const orderOf = ({ content: { order } }: SpaceChild): string | undefined =>
  typeof order === 'string' && order.length <= MAX_ORDER && PRINTABLE.test(order) ? order : undefined;

/** https://spec.matrix.org/latest/client-server-api/#ordering-of-children-within-a-space */
export const inOrder = (children: readonly SpaceChild[]): SpaceChild[] =>
  children
    .map((child) => ({ child, order: orderOf(child) }))
    .sort((a, b) => byOrder(a.order, b.order) || byAge(a.child, b.child))
    .map(({ child }) => child);

const byOrder = (a: string | undefined, b: string | undefined): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compare(a, b);
};

const byAge = (a: SpaceChild, b: SpaceChild): number =>
  a.origin_server_ts - b.origin_server_ts || Buffer.compare(Buffer.from(a.state_key), Buffer.from(b.state_key));

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
