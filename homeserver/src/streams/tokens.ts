import { MatrixError } from '@holm/spec/errors';
import type { Position } from './stream.ts';

/**
 * The places in time that clients hold, opaque to them. This is the only file that knows how they are written; the
 * letter, and the number behind a sync token's letter, tell one format from the next.
 */

/** Just after the event with this number in a room's timeline. Numbers of backfilled events are negative. */
export interface TimelinePlace {
  readonly kind: 'timeline';
  readonly after: number;
}

/** What a sync has told: one settled position of each stream, that of events first. */
export interface SyncPlace {
  readonly kind: 'sync';
  readonly positions: readonly Position[];
}

export type Place = TimelinePlace | SyncPlace;

const TIMELINE = /^t(-?\d{1,15})$/;
const SYNC = /^s1((?:_\d{1,15})+)$/;

const SLIDING = /^n1\.([A-Za-z0-9_-]{1,20})\.(\d{1,15})((?:_\d{1,15})+)$/;

/** What a connection of sliding sync has been told: by the number of an answer, with the positions that it reached. */
export interface SlidingPlace {
  /** Which of the connections that may have had the same name. */
  readonly epoch: string;
  readonly gen: number;
  readonly positions: readonly Position[];
}

export const slidingToken = ({ epoch, gen, positions }: SlidingPlace): string =>
  `n1.${epoch}.${gen}_${positions.join('_')}`;

/** Undefined for what is no such token of ours. */
export const readSlidingToken = (token: string): SlidingPlace | undefined => {
  const [, epoch, gen, positions] = SLIDING.exec(token) ?? [];
  if (epoch === undefined || gen === undefined || positions === undefined) return undefined;
  return { epoch, gen: Number(gen), positions: positionsIn(positions) };
};

export const timelineToken = (after: number): string => `t${after}`;

export const syncToken = (positions: readonly Position[]): string => `s1_${positions.join('_')}`;

const NOTIFICATIONS = /^n(\d{1,15})$/;

/** What has notified somebody before a position of the stream of events. */
export const notificationsToken = (before: Position): string => `n${before}`;

/** M_INVALID_PARAM for what is no such token. */
export const parseNotificationsToken = (token: string): Position => {
  const before = NOTIFICATIONS.exec(token)?.[1];
  if (before === undefined) throw new MatrixError('M_INVALID_PARAM', 'this is not a token of this server');
  return Number(before) as Position;
};

/** M_INVALID_PARAM for what is no token of ours. */
export const parsePlace = (token: string): Place => {
  const timeline = TIMELINE.exec(token)?.[1];
  const sliding = readSlidingToken(token);
  if (sliding) return { kind: 'sync', positions: sliding.positions };
  return timeline === undefined
    ? { kind: 'sync', positions: parseSyncToken(token) }
    : { kind: 'timeline', after: Number(timeline) };
};

/** The positions of a sync token, in the order in which they were written. M_INVALID_PARAM for any other text. */
export const parseSyncToken = (token: string): readonly Position[] => {
  const positions = SYNC.exec(token)?.[1];
  if (positions === undefined) throw new MatrixError('M_INVALID_PARAM', 'this is not a token of this server');
  return positionsIn(positions);
};

const SUBSCRIPTIONS = /^h(\d{1,15})$/;

/** Everything up to a position of the stream of subscriptions to threads. */
export const subscriptionsToken = (upTo: Position): string => `h${upTo}`;

/** Such a place, or what a token of sliding sync says of the stream that has this number in it. M_INVALID_PARAM for any other text. */
export const parseSubscriptionsToken = (token: string, stream: number): Position => {
  const sliding = readSlidingToken(token);
  if (sliding) return sliding.positions[stream] ?? (0 as Position);
  const upTo = SUBSCRIPTIONS.exec(token)?.[1];
  if (upTo === undefined) throw new MatrixError('M_INVALID_PARAM', 'this is not a token of this server');
  return Number(upTo) as Position;
};

const positionsIn = (text: string): Position[] =>
  text
    .slice(1)
    .split('_')
    .map((position) => Number(position) as Position);
