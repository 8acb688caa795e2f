import type { slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { SLIDING_LIMITS } from '@holm/spec/extensions/sliding-sync';
import type { BodyOf, QueryOf } from '@holm/spec/endpoint';
import type { UserId } from '@holm/spec/ids';
import type { Caller } from '../../../http/route.ts';
import { arrayOf, type JsonText, objectOf } from '../json-text.ts';
import type { ToldRoom } from './answers.sync.ts';
import type { ListWindow } from './cover.ts';
import { assertAtMost, extensionsIn, filtersIn, spanIn, subscriptionsIn } from './parse.ts';
import type { ListRequest, RoomConfig, SlidingRequest } from './request.ts';
import type { RoomTimeline } from './room-answer.ts';
import type { SlidingAnswer } from './sliding.service.ts';
import { type StatePattern, type StateWish, wishesOf } from './state-wish.ts';
import { extensionsText, heroText, recordOf, textOf } from './write.ts';

/** The dialect that clients speak now: https://github.com/matrix-org/matrix-spec-proposals/pull/4186, as it was built first. */

type Body = BodyOf<typeof slidingSyncUnstable>;
type ListFields = NonNullable<Body['lists']>[string];
type RoomFields = Pick<ListFields, 'required_state' | 'timeline_limit'>;

interface Asked {
  readonly viewer: Caller;
  readonly query: QueryOf<typeof slidingSyncUnstable>;
  readonly body: Body;
}

/** What is the same in each request of a connection, mostly. */
export type Wanted = Pick<SlidingRequest, 'connId' | 'lists' | 'subscriptions' | 'extensions'>;

export const readUnstable = ({ viewer, query, body }: Asked, wanted = wantedIn(viewer, body)): SlidingRequest => ({
  viewer,
  pos: query.pos === '' ? undefined : query.pos,
  timeoutMs: query.timeout ?? 0,
  setPresence: query.set_presence,
  tellsLists: false,
  ...wanted,
});

export const wantedIn = ({ userId }: Caller, body: Body): Wanted => {
  assertAtMost(SLIDING_LIMITS.lists, 'lists', body.lists);
  assertAtMost(SLIDING_LIMITS.subscriptions, 'rooms', body.room_subscriptions);
  const configIn = ({ timeline_limit, required_state }: RoomFields): RoomConfig => ({
    timelineLimit: timeline_limit ?? 0,
    wishes: wishesIn(required_state ?? [], userId),
  });
  const listIn = (fields: ListFields): ListRequest => ({
    spans: fields.ranges?.map(spanIn),
    filters: filtersIn(fields.filters ?? {}, fields.filters?.is_invite),
    config: configIn(fields),
  });
  return {
    connId: body.conn_id ?? '',
    lists: new Map(Object.entries(body.lists ?? {}).map(([name, fields]) => [name, listIn(fields)] as const)),
    subscriptions: subscriptionsIn(body.room_subscriptions, configIn),
    extensions: extensionsIn(body.extensions),
  };
};

/** Pairs of type and state key, with `*` for any, `$ME` for oneself and `$LAZY` for members as they are needed. */
const wishesIn = (pairs: readonly (readonly [string, string])[], me: UserId): readonly StateWish[] => {
  if (pairs.length === 0) return [];
  const include: StatePattern[] = [];
  let lazyMembers = false;
  for (const [type, stateKey] of pairs) {
    if (type === 'm.room.member' && stateKey === '$LAZY') lazyMembers = true;
    else include.push({ type: anyOr(type), stateKey: stateKey === '$ME' ? me : anyOr(stateKey) });
  }
  return wishesOf({ include, exclude: [], lazyMembers });
};

const anyOr = (text: string): string | undefined => (text === '*' ? undefined : text);

/**
 * Without the `txn_id` of the request, for which the proposal before this one (MSC3575) had a place in the answer: clients take it
 * there for a promise that what they have asked for once need not be asked for again.
 */
export const writeUnstable = ({ pos, lists, rooms, extensions }: SlidingAnswer): JsonText =>
  objectOf({
    pos: JSON.stringify(pos),
    lists: recordOf(lists, listText),
    rooms: recordOf(rooms, roomText),
    extensions: extensionsText(extensions),
  });

const listText = ({ count, spans }: ListWindow): JsonText => {
  const ops = spans.map(({ span, roomIds }) => `{"op":"SYNC","range":[${span.join()}],"room_ids":${roomIds()}}`);
  return `{"count":${count},"ops":${arrayOf(ops)}}`;
};

const roomText = (room: ToldRoom): JsonText => {
  const { counts, heroes } = room;
  return objectOf({
    bump_stamp: String(room.bump),
    ...unreadTexts(room.unread ?? { notifications: 0, highlights: 0 }),
    joined_count: textOf(counts?.joined),
    invited_count: textOf(counts?.invited),
    name: textOf(room.name),
    avatar: textOf(room.avatar),
    heroes: heroes && arrayOf(heroes.map(heroText)),
    is_dm: textOf(room.isDm),
    initial: textOf(room.isInitial || undefined),
    invite_state: inviteText(room),
    required_state: room.state && (room.state.length > 0 ? arrayOf(room.state) : undefined),
    ...(room.timeline && timelineTexts(room.timeline)),
  });
};

/** Clients take it for an invitation that stands; how one ended they learn from the room's state. */
const inviteText = ({ membership, stripped }: ToldRoom): JsonText | undefined =>
  stripped === undefined || membership === 'leave' || membership === 'ban' ? undefined : arrayOf(stripped);

const unreadTexts = ({ notifications, highlights }: NonNullable<ToldRoom['unread']>) => ({
  notification_count: String(notifications),
  highlight_count: String(highlights),
});

const timelineTexts = ({ text, limited, prevBatch, live, isExpanded }: RoomTimeline) => ({
  unstable_expanded_timeline: textOf(isExpanded || undefined),
  timeline: `[${text}]`,
  limited: textOf(limited),
  prev_batch: textOf(prevBatch),
  num_live: textOf(live),
});
