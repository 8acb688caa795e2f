import { SLIDING_LIMITS, type slidingSync } from '@holm/spec/extensions/sliding-sync';
import type { BodyOf } from '@holm/spec/endpoint';
import type { Caller } from '../../../http/route.ts';
import { arrayOf, type JsonText, objectOf } from '../json-text.ts';
import type { ToldRoom } from './answers.sync.ts';
import { assertAtMost, extensionsIn, filtersIn, spanIn, subscriptionsIn } from './parse.ts';
import type { ListRequest, RoomConfig, SlidingRequest } from './request.ts';
import type { RoomTimeline } from './room-answer.ts';
import type { SlidingAnswer } from './sliding.service.ts';
import { type StatePattern, wishesOf } from './state-wish.ts';
import { extensionsText, heroText, recordOf, textOf } from './write.ts';

/** The dialect that was accepted: https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md */

type Body = BodyOf<typeof slidingSync>;
type ListFields = NonNullable<Body['lists']>[string];
type RoomFields = Pick<ListFields, 'required_state' | 'timeline_limit'>;

export const readStable = (viewer: Caller, body: Body): SlidingRequest => {
  assertAtMost(SLIDING_LIMITS.lists, 'lists', body.lists);
  assertAtMost(SLIDING_LIMITS.subscriptions, 'rooms', body.room_subscriptions);
  return {
    viewer,
    // The two dialects do not share connections.
    connId: `v4 ${body.conn_id ?? ''}`,
    pos: body.pos,
    timeoutMs: body.timeout ?? 0,
    setPresence: body.set_presence,
    lists: new Map(Object.entries(body.lists ?? {}).map(([name, fields]) => [name, listIn(fields)] as const)),
    subscriptions: subscriptionsIn(body.room_subscriptions, configIn),
    extensions: extensionsIn(body.extensions),
    tellsLists: true,
  };
};

const configIn = ({ timeline_limit: timelineLimit, required_state: wished }: RoomFields): RoomConfig => {
  const { include = [], exclude = [], lazy_members: lazyMembers = false } = wished;
  const wish = { include: include.map(patternIn), exclude: exclude.map(patternIn), lazyMembers };
  return { timelineLimit, wishes: include.length > 0 || lazyMembers ? wishesOf(wish) : [] };
};

const patternIn = ({ type, state_key: stateKey }: { type?: string; state_key?: string }): StatePattern => ({
  type,
  stateKey,
});

const listIn = (fields: ListFields): ListRequest => ({
  spans: fields.range && [spanIn(fields.range)],
  filters: filtersIn(fields.filters ?? {}, fields.filters?.is_invited),
  config: configIn(fields),
});

export const writeStable = ({ pos, lists, rooms, extensions }: SlidingAnswer): JsonText =>
  objectOf({
    pos: JSON.stringify(pos),
    lists: recordOf(lists, ({ count }) => JSON.stringify({ count })),
    rooms: recordOf(rooms, roomText),
    extensions: extensionsText(extensions),
  });

const roomText = (room: ToldRoom): JsonText =>
  objectOf({
    bump_stamp: String(room.bump),
    membership: JSON.stringify(room.membership),
    lists: room.lists.length > 0 ? JSON.stringify(room.lists) : undefined,
    initial: textOf(room.isInitial || undefined),
    // Outsiders are told nothing but the stripped state.
    ...(room.stripped ? { stripped_state: arrayOf(room.stripped) } : insideTexts(room)),
  });

const insideTexts = (room: ToldRoom) => {
  const { counts, heroes } = room;
  return {
    joined_count: textOf(counts?.joined),
    invited_count: textOf(counts?.invited),
    notification_count: textOf(room.unread?.notifications),
    highlight_count: textOf(room.unread?.highlights),
    name: textOf(room.name),
    avatar: textOf(room.avatar),
    heroes: heroes && arrayOf(heroes.map(heroText)),
    is_dm: textOf(room.isDm),
    required_state: stateText(room),
    ...(room.timeline && timelineTexts(room.timeline)),
  };
};

/** What is not part of the state any more is told by its name alone. */
const stateText = ({ state = [], gone = [] }: ToldRoom): JsonText | undefined => {
  const stubs = gone.map(([type, key]) => JSON.stringify({ type, state_key: key }));
  return state.length + stubs.length > 0 ? arrayOf([...state, ...stubs]) : undefined;
};

const timelineTexts = ({ text, limited, prevBatch, live, isExpanded }: RoomTimeline) => ({
  expanded_timeline: textOf(isExpanded || undefined),
  timeline_events: `[${text}]`,
  limited: textOf(limited),
  prev_batch: textOf(prevBatch),
  num_live: textOf(live),
});
