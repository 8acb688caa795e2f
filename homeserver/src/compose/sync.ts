import type { UserId } from '@holm/spec/ids';
import { accountDataPart } from '../features/account-data/index.ts';
import { deviceListsPart } from '../features/device-lists/index.ts';
import { presencePart } from '../features/presence/index.ts';
import { profilesPart } from '../features/profiles/index.ts';
import { receiptsPart } from '../features/receipts/index.ts';
import { createSliding, type Inviters, Sync } from '../features/sync/index.ts';
import { threadSubscriptionsPart } from '../features/thread-subscriptions/index.ts';
import { toDevicePart } from '../features/to-device/index.ts';
import { typingPart } from '../features/typing/index.ts';
import { Deadlines } from '../platform/deadlines.ts';
import type { Schedule } from '../platform/schedule.ts';
import { bothSoon, type Soon, soon } from '../platform/soon.ts';
import { Readers } from '../rooms/timeline/readers.ts';
import type { Reader } from '../streams/sync-part.ts';
import type { Notifier } from '../streams/notifier.ts';
import { parseSubscriptionsToken } from '../streams/tokens.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { EncryptionServices } from './encryption.ts';
import type { EphemeralServices } from './ephemeral.ts';
import type { FeatureServices } from './features.ts';
import type { NotificationServices } from './notifications.ts';
import type { PresenceServices } from './presence.ts';
import { cachesOf, type RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly features: FeatureServices;
  readonly accounts: AccountServices;
  readonly ephemeral: EphemeralServices;
  readonly encryption: EncryptionServices;
  readonly notifying: NotificationServices;
  readonly presence: PresenceServices;
  readonly notifier: Notifier;
}

const EVERYBODY: Inviters = { has: () => true };

/** What clients follow. */
export const composeSync = (
  base: Base,
  { rooms, features, accounts, ephemeral, encryption, notifying, presence, notifier }: Parts,
  stack: AsyncDisposableStack,
) => {
  const { accountData, sessions } = accounts;
  const { threads, unread } = notifying;
  const { profileNews } = features;
  const ignoredBy = (user: UserId) => accounts.ignoredUsers.of(user);
  // The order is that of the positions in tokens that clients hold: append, never reorder.
  const parts = [
    accountDataPart(accountData),
    receiptsPart(ephemeral.receipts, rooms.engine.rooms, ignoredBy),
    typingPart(ephemeral.typing, ignoredBy),
    toDevicePart(encryption.toDevice),
    deviceListsPart({
      lists: encryption.lists.own,
      news: encryption.lists.news,
      keyCounts: (reader) => encryption.oneTimeKeys.counts(reader),
    }),
    presencePart(presence, { ...base, stream: ephemeral.presenceStream, ignoredBy }),
    threadSubscriptionsPart(threads),
    profilesPart(profileNews),
  ];
  const threadsNumber = 1 + parts.findIndex(({ stream }) => stream === threads.stream);
  const readers = new Readers(rooms.engine.visible, ignoredBy);
  const unwelcomeInviters = invitersUnwelcome(accounts);
  const deadlines = new Deadlines(base.clock);
  stack.defer(() => deadlines.close());
  const deps = {
    ...base,
    deadlines,
    notifier,
    engine: rooms.engine,
    readers,
    unwelcomeInviters,
    unread,
    parts,
    presence,
  };
  const sync = new Sync(deps);
  const profiles = { news: profileNews, parted: (reader: Reader) => encryption.lists.news.parted(reader) };
  const connectionBytes = cachesOf(base.config).connections;
  const sliding = createSliding({ ...deps, connectionBytes, sync, settings: accountData, profiles });
  sessions.onSessionsEnd((ended) => {
    sync.polls.end(ended);
    sync.follows.end(ended);
    sliding.connections.forget(ended);
  });
  rooms.listeners.push(sliding.cards.listener);
  stack.use(sliding.connections);
  stack.defer(() => sliding.cards.write());
  return {
    sync,
    deadlines,
    ...sliding,
    threadsPlaceIn: (token: string) => parseSubscriptionsToken(token, threadsNumber),
  };
};

const invitersUnwelcome =
  ({ ignoredUsers, blockedInvites }: AccountServices) =>
  (user: UserId): Soon<Inviters> =>
    soon(bothSoon(ignoredUsers.of(user), blockedInvites.of(user)), ([ignored, areBlocked]) =>
      areBlocked ? EVERYBODY : ignored,
    );

export type SyncServices = ReturnType<typeof composeSync>;

export const scheduleSync = (schedule: Schedule, { cards, connections }: SyncServices): void => {
  schedule.every('*/30 * * * * *', 'write down what lists are sorted by', () => cards.write());
  schedule.every('7 4 * * *', 'forget old connections', () => connections.trim());
};
