import type { ServerName } from '@holm/spec/ids';
import { RoomAdministration } from '../features/room-administration/index.ts';
import type { Clock } from '../platform/clock.ts';
import { PartialRooms } from '../rooms/partial/partial-rooms.ts';
import { Rooms } from '../rooms/rooms.ts';
import { Holds } from '../rooms/upkeep/holds.ts';
import { jobsStore } from '../rooms/upkeep/jobs.store.ts';
import type { Database } from '../storage/database.ts';

/** Of rooms: a command looks at a few. */
const CACHE_BYTES = 4 * 1024 * 1024;

/** The administration of rooms for commands, which leave it to the server to do the work. */
export const administrationOf = async (
  db: Database,
  clock: Clock,
  serverName: ServerName,
): Promise<RoomAdministration> => {
  const holds = new Holds(db, clock);
  await holds.refresh();
  return new RoomAdministration({
    db,
    engine: { serverName, holds, rooms: new Rooms(db, await PartialRooms.open(db, clock), CACHE_BYTES) },
    jobs: {
      add: (job) => jobsStore.add(db, job, clock.now()),
      get: (id) => jobsStore.get(db, id),
      list: (roomId, page) => jobsStore.list(db, { roomId, ...page }),
    },
    // Who may read the configuration may do everything.
    administrators: { isAdmin: () => Promise.resolve(true) },
  });
};
