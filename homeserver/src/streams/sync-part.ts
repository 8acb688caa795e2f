import type { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Keys } from './logged-changes.ts';
import type { Position, Range, Stream } from './stream.ts';

/** Whoever follows the streams. */
export interface Reader {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** The numbers of the rooms that the user is in. */
  readonly rooms: () => Keys<number>;
  /** The stretch of the stream of rooms' events that the same answer covers; after 0 for a first answer. */
  readonly timeline: Range;
  /** They are told all, but may have been told other things before: what is over is to be told, too. */
  readonly again?: boolean | undefined;
  /** Of what is told in batches, no more than that at a time. */
  readonly atMost?: number | undefined;
}

/** An event that is not of a room's timeline. */
export interface LooseEvent {
  readonly type: string;
  readonly content: JsonObject;
  readonly sender?: UserId | undefined;
}

export interface RoomNews {
  readonly accountData?: readonly LooseEvent[];
  readonly ephemeral?: readonly LooseEvent[];
  /** The reader has read on: the counts of what they have not read are news, whatever else is. */
  readonly counts?: boolean;
}

/** Whose devices and keys are to be asked for anew, and of whom there is nothing more to hear. */
export interface DeviceListNews {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
}

/** What is left of the keys that a device has published for others to take. */
export interface KeyCounts {
  /** By algorithm. */
  readonly oneTime: Readonly<Record<string, number>>;
  /** Algorithms of fallback keys that nobody has been given yet. */
  readonly unusedFallback: readonly string[];
}

/** What a part has to tell, in terms of no dialect of sync in particular. */
export interface News {
  readonly accountData?: readonly LooseEvent[];
  readonly presence?: readonly LooseEvent[];
  readonly toDevice?: readonly LooseEvent[];
  readonly deviceLists?: DeviceListNews;
  /** The device has other keys left than before, which every answer tells. */
  readonly keyCounts?: true;
  readonly rooms?: ReadonlyMap<RoomId, RoomNews>;
  /** Which threads the reader follows now, and which not any more, in the words of MSC4308. */
  readonly threads?: JsonObject;
  /** How far this goes, if not to the end of the range: there was too much for one answer. */
  readonly reached?: Position;
  /** What decides of the counts of all rooms has changed since this position of the part's stream. */
  readonly rulesSince?: Position;
}

/**
 * What a feature adds to what its users follow: to each dialect of sync alike.
 *
 * A part wakes its readers by the notifier when it has something for them, and has it on its own stream. From position
 * 0 it tells all that there is.
 */
export interface SyncPart {
  readonly stream: Stream;
  /** Answers from memory: readers ask it all the time. May be wrong only in saying yes. */
  mayHaveNews(reader: Reader, after: Position): boolean;
  news(reader: Reader, range: Range): Promise<News>;
  /** It has news by what happens in rooms, too, without anything on its own stream. */
  readonly watchesRooms?: true;
  /** Nothing that it tells is of a room. */
  readonly isOfDevice?: true;
  /** `/v3/sync` has no place for it. */
  readonly isOfSliding?: true;
  /** The reader has got everything up to there. Asked of every sync, so it looks at the database only where it must. */
  acknowledge?(reader: Omit<Reader, 'rooms' | 'timeline'>, upTo: Position): Promise<void> | undefined;
  /** What each answer has, be there news or not. From memory in the steady state. */
  keyCounts?(reader: Omit<Reader, 'rooms' | 'timeline'>): Promise<KeyCounts>;
}

/** Whether a part has nothing to tell of a stretch, as far as memory knows. */
export const isSilent = (part: SyncPart, reader: Reader, { after, upTo }: Range): boolean =>
  (after >= upTo && part.watchesRooms !== true) || !part.mayHaveNews(reader, after);
