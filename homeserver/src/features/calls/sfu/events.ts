import type { Subscription } from './subscription.ts';
import type { Track } from './track.ts';

/** Why somebody is not in a call any more. */
export type CloseReason =
  /** They said goodbye. */
  | 'left'
  /** Their connection broke off and did not come back. */
  | 'lost'
  /** They came again, from elsewhere. */
  | 'replaced'
  /** They may not be here any more. */
  | 'removed'
  /** They asked for more than there is for one participant. */
  | 'abuse'
  /** The call's media is gone, but may be begun again. */
  | 'media lost'
  /** The server stops. */
  | 'stopping';

/** Somebody in a call, as the others see them. */
export interface Person {
  readonly id: string;
  readonly identity: string;
  readonly joinedAt: number;
  readonly permissions: { readonly canPublish: boolean };
  /** Media can reach them. */
  readonly isActive: boolean;
  readonly isClosed: boolean;
  /** Grows whenever others would see something new. */
  readonly version: number;
  readonly tracks: ReadonlyMap<string, Track>;
}

export interface Speaker {
  readonly participant: Person;
  /** From 0 to 1. */
  readonly level: number;
}

export type DataChannel = 'reliable' | 'lossy';

/** What a participant is told, by whatever speaks with them. Nothing here waits: it only takes note. */
export interface ParticipantEvents {
  /** Somebody came, or is not as they were. */
  participantChanged(who: Person): void;
  participantLeft(who: Person): void;
  subscribed(subscription: Subscription): void;
  unsubscribed(subscription: Subscription): void;
  /** Whether a subscription that is wanted flows: it does not where the network is too slow for it. */
  flowing(subscription: Subscription, isFlowing: boolean): void;
  /** They send more than they may, and do not stop. */
  sentTooMuch(): void;
  /** They are not sent a track, because their worker has far too much to do. */
  overloaded(track: Track): void;
  /** The highest layer of a track of their own that anybody wants, or -1. */
  layersWanted(track: Track, highest: number): void;
  /** Everybody whose level has changed; 0 is silence. */
  speakersChanged(speakers: readonly Speaker[]): void;
  /** What they sent themselves, to be looked at and passed on. */
  dataSent(channel: DataChannel, message: Buffer): void;
  closed(reason: CloseReason): void;
}
