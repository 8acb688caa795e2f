import { Relations, Threads } from '../features/relations/index.ts';
import { Dates, RoomHistory } from '../features/room-history/index.ts';
import { RoomState } from '../features/room-state/index.ts';
import { Readers } from '../rooms/timeline/readers.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
}

/** What people read of rooms. */
export const composeReading = ({ db }: Base, { rooms: { engine, backfill, elsewhere }, accounts }: Parts) => {
  const readers = new Readers(engine.visible, (user) => accounts.ignoredUsers.of(user));
  return {
    history: new RoomHistory({ engine, readers, backfill, administrators: accounts.accounts }),
    dates: new Dates({ engine, elsewhere, readers }),
    relations: new Relations({ db, engine, readers }),
    threads: new Threads({ db, engine, readers }),
    state: new RoomState(engine),
  };
};
