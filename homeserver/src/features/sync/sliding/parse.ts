import { hash } from 'node:crypto';
import { MatrixError } from '@holm/spec/errors';
import { RoomId } from '@holm/spec/ids';
import type {
  Extensions,
  ProfilesRequest,
  RoomConfig,
  RoomFilters,
  Scope,
  Scopes,
  Span,
  StickyRequest,
  ThreadsRequest,
} from './request.ts';

/** What the dialects read alike. */

type Flag = boolean | undefined;

interface ScopedFields {
  readonly enabled?: Flag;
  readonly lists?: readonly string[] | undefined;
  readonly rooms?: readonly string[] | undefined;
}

interface BatchFields {
  readonly enabled?: Flag;
  readonly limit?: number;
  readonly since?: string;
}

interface ProfilesFields extends ScopedFields {
  readonly fields?: readonly string[] | undefined;
}

export interface ExtensionFields {
  readonly to_device?: BatchFields | undefined;
  readonly e2ee?: { readonly enabled?: Flag } | undefined;
  readonly account_data?: ScopedFields | undefined;
  readonly receipts?: ScopedFields | undefined;
  readonly typing?: ScopedFields | undefined;
  readonly sticky_events?: BatchFields | undefined;
  readonly 'org.matrix.msc4354.sticky_events'?: BatchFields | undefined;
  readonly profiles?: ProfilesFields | undefined;
  readonly 'org.matrix.msc4262.profiles'?: ProfilesFields | undefined;
  readonly thread_subscriptions?: BatchFields | undefined;
  readonly 'io.element.msc4308.thread_subscriptions'?: BatchFields | undefined;
}

export interface FilterFields {
  readonly is_dm?: Flag;
  readonly is_encrypted?: Flag;
  readonly room_types?: readonly (string | null)[] | undefined;
  readonly not_room_types?: readonly (string | null)[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly not_tags?: readonly string[] | undefined;
  readonly spaces?: readonly string[] | undefined;
  readonly room_name_like?: string | undefined;
}

/** As many as are told at a time. */
const BATCH_LIMIT = 100;

export const extensionsIn = (fields: ExtensionFields = {}): Extensions => {
  const scoped = {
    accountData: scopeIn(fields.account_data),
    receipts: scopeIn(fields.receipts),
    typing: scopeIn(fields.typing),
    profiles: profilesIn(fields),
  };
  return {
    ...scoped,
    toDevice: batchIn(fields.to_device),
    e2ee: fields.e2ee?.enabled === true ? true : undefined,
    stickyEvents: stickyIn(fields),
    threads: threadsIn(fields),
    scopes: textsOf(scoped),
  };
};

const textsOf = (scoped: Readonly<Record<string, object | undefined>>): Scopes =>
  Object.fromEntries(Object.entries(scoped).flatMap(([name, asked]) => (asked ? [[name, textOf(asked)]] : [])));

/** Connections keep such texts, and only ever compare them. */
const MAX_TEXT = 10_000;

const textOf = (asked: object): string => {
  const text = JSON.stringify(asked, (_, value: unknown) => (value instanceof Set ? [...value] : value));
  return text.length > MAX_TEXT ? hash('sha256', text, 'base64url') : text;
};

const batchIn = (fields: BatchFields | undefined) =>
  fields?.enabled === true
    ? { since: fields.since, limit: Math.min(Math.max(fields.limit ?? BATCH_LIMIT, 1), BATCH_LIMIT) }
    : undefined;

const STICKY_NAMES = ['sticky_events', 'org.matrix.msc4354.sticky_events'] as const;

const stickyIn = (fields: ExtensionFields): StickyRequest | undefined => {
  for (const name of STICKY_NAMES) {
    const batch = batchIn(fields[name]);
    if (batch) return { name, ...batch };
  }
  return undefined;
};

const THREADS_NAMES = ['thread_subscriptions', 'io.element.msc4308.thread_subscriptions'] as const;

const threadsIn = (fields: ExtensionFields): ThreadsRequest | undefined => {
  for (const name of THREADS_NAMES) {
    const batch = batchIn(fields[name]);
    if (batch) return { name, limit: batch.limit };
  }
  return undefined;
};

const PROFILES_NAMES = ['profiles', 'org.matrix.msc4262.profiles'] as const;

const profilesIn = (fields: ExtensionFields): ProfilesRequest | undefined => {
  for (const name of PROFILES_NAMES) {
    const scope = scopeIn(fields[name]);
    if (scope) return { name, scope, fields: fields[name]?.fields };
  }
  return undefined;
};

const scopeIn = (fields: ScopedFields | undefined): Scope | undefined =>
  fields?.enabled === true ? { lists: fields.lists, rooms: fields.rooms && new Set(fields.rooms) } : undefined;

export const filtersIn = (fields: FilterFields, isInvited: Flag): RoomFilters => ({
  isDm: fields.is_dm,
  isEncrypted: fields.is_encrypted,
  isInvited,
  roomTypes: fields.room_types,
  notRoomTypes: fields.not_room_types,
  tags: fields.tags,
  notTags: fields.not_tags,
  spaces: fields.spaces,
  nameLike: fields.room_name_like,
});

export const spanIn = ([first, last]: readonly [number, number]): Span => {
  if (first > last) throw new MatrixError('M_INVALID_PARAM', 'a range begins behind its end');
  return [first, last];
};

/** As many of something as anybody needs. */
export const assertAtMost = (limit: number, what: string, given: object | undefined): void => {
  if (given && Object.keys(given).length > limit) {
    throw new MatrixError('M_INVALID_PARAM', `at most ${limit} ${what} can be asked for`);
  }
};

/** What is no id of a room names none. */
export const subscriptionsIn = <Fields>(
  given: Readonly<Record<string, Fields>> | undefined,
  configIn: (fields: Fields) => RoomConfig,
): ReadonlyMap<RoomId, RoomConfig> =>
  new Map(
    Object.entries(given ?? {}).flatMap(([roomId, fields]) =>
      RoomId.is(roomId) ? [[roomId, configIn(fields)] as const] : [],
    ),
  );
