import type { UnixMillis } from '../platform/clock.ts';
import type { Entry } from '../sdk/entry.ts';
import { linkify, type Segment } from './links.ts';

export type { Entry, EntryBody, MembershipChange, Person, RoomChange } from '../sdk/entry.ts';

export interface DayItem {
  readonly kind: 'day';
  readonly key: string;
  readonly at: UnixMillis;
}

export interface NoticeItem {
  readonly kind: 'notice';
  readonly key: string;
  readonly entry: Entry;
}

export interface MessageItem {
  readonly kind: 'message';
  readonly key: string;
  readonly entry: Entry;
  /** The text in pieces, web addresses apart; empty for what is not text. */
  readonly segments: readonly Segment[];
  /** First and last of a run by one sender. */
  readonly opens: boolean;
  readonly closes: boolean;
  /** Whether to say how it fared: when it has not arrived, and as long as nobody has answered. */
  readonly showsDelivery: boolean;
}

export type TimelineItem = DayItem | NoticeItem | MessageItem;

/** A pause after which the same sender is named again. */
const PAUSE_MS = 5 * 60_000;

/** Names a day so that two times of one day give the same. */
export type DayOf = (at: UnixMillis) => string;

export const localDay: DayOf = (at) => new Date(at).toDateString();

export const timelineItems = (entries: readonly Entry[], dayOf: DayOf = localDay): readonly TimelineItem[] => {
  const newest = entries.findLast(isMessage);
  return entries.flatMap((entry, i): TimelineItem[] => {
    const before = entries[i - 1];
    const after = entries[i + 1];
    const isNewDay = before === undefined || dayOf(before.at) !== dayOf(entry.at);
    const day: TimelineItem[] = isNewDay
      ? [{ kind: 'day', key: `day ${dayOf(entry.at)} ${entry.key}`, at: entry.at }]
      : [];
    if (!isMessage(entry)) return [...day, { kind: 'notice', key: entry.key, entry }];
    return [
      ...day,
      {
        kind: 'message',
        key: entry.key,
        entry,
        segments: entry.body.kind === 'text' ? linkify(entry.body.text) : [],
        opens: isNewDay || !continues(before, entry),
        closes: after === undefined || dayOf(after.at) !== dayOf(entry.at) || !continues(entry, after),
        showsDelivery: entry.isOwn && (entry === newest || entry.delivery !== 'sent'),
      },
    ];
  });
};

const isMessage = ({ body }: Entry): boolean => body.kind !== 'membership' && body.kind !== 'room';

const continues = (before: Entry, after: Entry): boolean =>
  isMessage(before) &&
  isMessage(after) &&
  before.sender.userId === after.sender.userId &&
  after.at - before.at < PAUSE_MS;

/** Keeps the old object wherever nothing about an item has changed, so that only what changed is drawn again. */
export const keepUnchanged = (old: readonly TimelineItem[], next: readonly TimelineItem[]): readonly TimelineItem[] => {
  const byKey = new Map(old.map((item) => [item.key, item]));
  return next.map((item) => {
    const known = byKey.get(item.key);
    return known && JSON.stringify(known) === JSON.stringify(item) ? known : item;
  });
};
