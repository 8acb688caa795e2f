import { AllUserRules, Notifications, UnreadEvents } from '../features/notifications/index.ts';
import { Readers } from '../rooms/timeline/readers.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { EphemeralServices } from './ephemeral.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly ephemeral: EphemeralServices;
}

/** What notifies people, and what of it they have not read. */
export const composeNotifications = (
  { db, background }: Base,
  { rooms: { engine, listeners }, accounts, ephemeral }: Parts,
  stack: AsyncDisposableStack,
) => {
  const { accountData, ignoredUsers, pushRules } = accounts;
  const rules = new AllUserRules({ pushRules, ignoredUsers, versionOf: (user) => accountData.versionOf(user) });
  const unread = new UnreadEvents({ db, engine, rules, background });
  stack.defer(() => unread.save());
  listeners.push((step) => unread.committed(step));
  ephemeral.receipts.onRead((receipts) => unread.read(receipts));
  const readers = new Readers(engine.visible, (user) => ignoredUsers.of(user));
  return { unread, notifications: new Notifications({ db, engine, readers, unread, rules }) };
};

export type NotificationServices = ReturnType<typeof composeNotifications>;
