import type { Schedule } from '../platform/schedule.ts';
import type { Composed } from './compose.ts';
import { scheduleDirectory } from './directory.ts';
import { scheduleEncryption } from './encryption.ts';
import { scheduleMedia } from './media.ts';
import { schedulePresence } from './presence.ts';
import { scheduleSync } from './sync.ts';
import { scheduleUpkeep } from './upkeep.ts';
import { scheduleWebSockets } from './websockets.ts';

/** What parts of the server do by the clock. */
export const scheduleParts = (
  schedule: Schedule,
  { features, upkeep, encryption, presence, syncing, sockets, media }: Composed,
): void => {
  scheduleDirectory(schedule, features);
  scheduleUpkeep(schedule, upkeep);
  scheduleEncryption(schedule, encryption);
  schedulePresence(schedule, presence);
  scheduleSync(schedule, syncing);
  scheduleWebSockets(schedule, sockets);
  scheduleMedia(schedule, media);
};
