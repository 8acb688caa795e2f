import { openPresence } from '../features/presence/index.ts';
import type { Schedule } from '../platform/schedule.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { EphemeralServices } from './ephemeral.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly notifier: Notifier;
  readonly ephemeral: EphemeralServices;
}

/** Who is online; nothing where the configuration switches that off. */
export const composePresence = async (
  base: Base,
  { rooms: { engine, outbox, listeners, eduListeners }, accounts, ephemeral, notifier }: Parts,
  stack: AsyncDisposableStack,
) => {
  const { enabled, federation, max_room_members: maxRoomMembers, idle_after_ms: idleAfterMs } = base.config.presence;
  if (!enabled) return undefined;
  const presence = await openPresence({
    ...base,
    notifier,
    stream: ephemeral.presenceStream,
    timeline: engine.stream,
    userRooms: engine.userRooms,
    outbox: federation ? outbox : undefined,
    settings: { maxRoomMembers, idleAfterMs },
  });
  stack.use(presence);
  listeners.push(presence.listener);
  if (federation) {
    eduListeners.push({ eduType: 'm.presence', receive: (origin, content) => presence.receive(origin, content) });
  }
  accounts.sessions.onSessionsEnd(({ userId, deviceIds }) => presence.ended(userId, deviceIds));
  accounts.accounts.onDeactivated((user) => presence.erase(user));
  return presence;
};

export type PresenceServices = Awaited<ReturnType<typeof composePresence>>;

export const schedulePresence = (schedule: Schedule, presence: PresenceServices): void => {
  if (!presence) return;
  schedule.every('11 4 * * *', 'forget who was online', () => presence.trim());
};
