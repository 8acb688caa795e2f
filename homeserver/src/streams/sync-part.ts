import type { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Position, Range, Stream } from './stream.ts';

/** Whoever follows the streams. */
export interface Reader {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** The numbers of the rooms that the user is in. */
  readonly rooms: () => Iterable<number>;
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
}

/** What a part has to tell, in terms of no dialect of sync in particular. */
export interface News {
  readonly accountData?: readonly LooseEvent[];
  readonly presence?: readonly LooseEvent[];
  readonly toDevice?: readonly LooseEvent[];
  readonly rooms?: ReadonlyMap<RoomId, RoomNews>;
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
}
