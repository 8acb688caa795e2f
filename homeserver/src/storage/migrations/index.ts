import type { MigrationInterface } from 'typeorm';
import { Rooms1763690000001 } from './0001-rooms.ts';
import { Accounts1763690000002 } from './0002-accounts.ts';
import { Federation1763690000003 } from './0003-federation.ts';
import { Ingest1763690000005 } from './0005-ingest.ts';
import { PartialRooms1763690000004 } from './0004-partial-rooms.ts';
import { SmallState1763690000006 } from './0006-small-state.ts';
import { Relations1763690000007 } from './0007-relations.ts';
import { RoomUpkeep1763690000008 } from './0008-room-upkeep.ts';
import { DelayedEvents1763690000009 } from './0009-delayed-events.ts';
import { RoomUpgrades1763690000010 } from './0010-room-upgrades.ts';
import { Receipts1763690000011 } from './0011-receipts.ts';
import { OutboxMessages1763690000012 } from './0012-outbox-messages.ts';
import { Devices1763690000013 } from './0013-devices.ts';
import { Directory1763690000014 } from './0014-directory.ts';
import { Unread1763690000015 } from './0015-unread.ts';
import { SlidingSync1763690000016 } from './0016-sliding-sync.ts';
import { StateGarbage1763690000060 } from './0060-state-garbage.ts';
import { UserSignatures1763690000063 } from './0063-user-signatures.ts';
import { RoomBounds1763690000065 } from './0065-room-bounds.ts';
import { RoomExpiries1763690000066 } from './0066-room-expiries.ts';
import { Presence1763690000067 } from './0067-presence.ts';
import { Media1763690000068 } from './0068-media.ts';
import { RecentReceipts1763690000069 } from './0069-recent-receipts.ts';
import { StreamPositions1763690000070 } from './0070-stream-positions.ts';
import { ThreadSubscriptions1763690000071 } from './0071-thread-subscriptions.ts';
import { ProfileChanges1763690000072 } from './0072-profile-changes.ts';
import { Calls1763690000073 } from './0073-calls.ts';
import { LastingPositions1763690000076 } from './0076-lasting-positions.ts';
import { CardsAnew1763690000077 } from './0077-cards-anew.ts';
import { MessagesByServer1763690000078 } from './0078-messages-by-server.ts';
import { ForgottenStays1763690000079 } from './0079-forgotten-stays.ts';
import { ReadableJson1763690000080 } from './0080-readable-json.ts';
import { RedactedState1763690000081 } from './0081-redacted-state.ts';
import { RelationsByPlace1763690000082 } from './0082-relations-by-place.ts';

/** Every migration, in the order of its number. A migration is never edited once it has landed. */
export const migrations: readonly (new () => MigrationInterface)[] = [
  Rooms1763690000001,
  Accounts1763690000002,
  Federation1763690000003,
  Ingest1763690000005,
  PartialRooms1763690000004,
  SmallState1763690000006,
  Relations1763690000007,
  RoomUpkeep1763690000008,
  DelayedEvents1763690000009,
  RoomUpgrades1763690000010,
  Receipts1763690000011,
  OutboxMessages1763690000012,
  Devices1763690000013,
  Directory1763690000014,
  Unread1763690000015,
  SlidingSync1763690000016,
  StateGarbage1763690000060,
  UserSignatures1763690000063,
  RoomBounds1763690000065,
  RoomExpiries1763690000066,
  Presence1763690000067,
  Media1763690000068,
  RecentReceipts1763690000069,
  StreamPositions1763690000070,
  ThreadSubscriptions1763690000071,
  ProfileChanges1763690000072,
  Calls1763690000073,
  LastingPositions1763690000076,
  CardsAnew1763690000077,
  MessagesByServer1763690000078,
  ForgottenStays1763690000079,
  ReadableJson1763690000080,
  RedactedState1763690000081,
  RelationsByPlace1763690000082,
];
