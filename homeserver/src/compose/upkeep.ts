import { RoomAdministration } from '../features/room-administration/index.ts';
import { Expiry } from '../rooms/upkeep/expiry.ts';
import { RoomJobs } from '../rooms/upkeep/jobs.ts';
import { MessagePurge } from '../rooms/upkeep/messages.ts';
import { HistoryPurge } from '../rooms/upkeep/purge-history.ts';
import { RoomPurge } from '../rooms/upkeep/purge-room.ts';
import { Vacancies } from '../rooms/upkeep/vacancies.ts';
import type { Clock } from '../platform/clock.ts';
import type { Schedule } from '../platform/schedule.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

/** What is taken away from rooms, and whole rooms. */
export const composeUpkeep = (base: Base, { engine, outbox, joins }: RoomServices, { accounts }: AccountServices) => {
  const { db, clock, background, config, serverName } = base;
  const log = base.log.with({ area: 'rooms' });
  const messages = new MessagePurge(db, engine);
  const purge = new RoomPurge({
    db,
    clock,
    engine,
    isBeingJoined: (roomId) => joins.isUnderWay(roomId),
    trimOutbox: () => outbox.trim(),
  });
  const history = new HistoryPurge({ db, engine, messages });
  const jobs = new RoomJobs({
    db,
    clock,
    log,
    background,
    // A room that was being removed can be entered now.
    over: () => engine.holds.refresh(),
    workers: { 'purge room': purge.work, 'purge history': history.work },
  });
  return {
    engine,
    idle: base.idle,
    jobs,
    expiry: new Expiry({ db, clock, engine, messages }),
    expiryDue: everySoOften(clock, config.rooms.retention.purge_interval_minutes * 60_000),
    vacancies: new Vacancies({ db, clock, serverName, jobs, keptDays: config.rooms.forgotten_room_days }),
    administration: new RoomAdministration({ db, engine, jobs, administrators: accounts }),
  };
};

export type Upkeep = ReturnType<typeof composeUpkeep>;

const everySoOften = (clock: Clock, intervalMs: number): (() => boolean) => {
  let last = 0;
  return () => {
    const isDue = clock.now() - last >= intervalMs;
    if (isDue) last = clock.now();
    return isDue;
  };
};

/** Each of these looks at the database for what is due, and does a bounded part of it. */
export const scheduleUpkeep = (
  schedule: Schedule,
  { engine, idle, jobs, expiry, expiryDue, vacancies }: Upkeep,
): void => {
  schedule.every('25 */5 * * * *', 'let go of what belongs to those who have gone', () => idle.letGo());
  schedule.every('15 * * * * *', 'work on rooms', () => jobs.work());
  schedule.every('45 * * * * *', 'hear of rooms that are held', () => engine.holds.refresh());
  schedule.every('*/10 * * * *', 'delete what was redacted long ago', async () => {
    await engine.originals.prune();
  });
  schedule.every('20 * * * * *', 'delete messages that have expired', async () => {
    if (expiryDue()) await expiry.run();
  });
  schedule.every('37 3 * * *', 'give up rooms that nobody is in', async () => {
    await vacancies.run();
    await engine.departures.prune();
    await jobs.prune();
  });
};
