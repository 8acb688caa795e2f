import { AllUserRules, Notifications, UnreadEvents } from '../features/notifications/index.ts';
import type { UserId } from '@holm/spec/ids';
import { Readers } from '../rooms/timeline/readers.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { EphemeralServices } from './ephemeral.ts';
import type { RoomServices } from './rooms.ts';
import { composeThreads } from './threads.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly ephemeral: EphemeralServices;
  readonly notifier: Notifier;
}

/** What notifies people, and what of it they have not read. */
export const composeNotifications = async (
  base: Base,
  { rooms, accounts, ephemeral, notifier }: Parts,
  stack: AsyncDisposableStack,
) => {
  const { db, background, idle } = base;
  const { engine, listeners } = rooms;
  const threads = await composeThreads(base, { rooms, accounts, notifier });
  const { accountData, ignoredUsers, pushRules } = accounts;
  // The rules are written again with each change of what somebody follows.
  const versionOf = (user: UserId) => accountData.versionOf(user);
  const changedAt = (user: UserId) => accountData.changedAt(user);
  const rules = new AllUserRules({ pushRules, ignoredUsers, threads, versionOf, changedAt });
  const unread = new UnreadEvents({ db, engine, rules, background, idle });
  stack.defer(() => unread.save());
  listeners.push((step) => unread.committed(step));
  ephemeral.receipts.onRead((receipts) => unread.read(receipts));
  const readers = new Readers(engine.visible, (user) => ignoredUsers.of(user));
  return { threads, unread, notifications: new Notifications({ db, engine, readers, unread, rules }) };
};

export type NotificationServices = Awaited<ReturnType<typeof composeNotifications>>;
