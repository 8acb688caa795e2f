import {
  deleteRoom, getRoomDetails, getRoomJob, holdRoom, liftHold, listRoomJobs, listRooms, purgeHistory, type RoomJob,
} from '@holm/spec/extensions/room-administration'; // prettier-ignore
import { type Route, route } from '../../http/route.ts';
import type { Hold } from '../../rooms/upkeep/holds.ts';
import type { Job } from '../../rooms/upkeep/job.ts';
import type { RoomAdministration, RoomSummary } from './room-administration.service.ts';

const optional = <K extends string, V>(name: K, value: V | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [key in K]?: V };

const holdBody = ({ kind, readable, reason, setBy, setAt }: Hold) => ({
  kind,
  readable,
  ...optional('reason', reason),
  set_by: setBy,
  set_at: setAt,
});

const jobBody = (job: Job): RoomJob => ({
  job_id: job.id,
  room_id: job.roomId,
  kind: job.kind,
  state: job.state,
  options: job.options,
  progress: job.progress,
  ...optional('error', job.error),
  attempts: job.attempts,
  ...optional('requested_by', job.requestedBy),
  created_at: job.createdAt,
  ...optional('finished_at', job.finishedAt),
});

const summaryBody = ({ roomId, version, name, isKnown, joined, local, extremities, hold }: RoomSummary) => ({
  room_id: roomId,
  version,
  ...optional('name', name),
  known: isKnown,
  joined_members: joined,
  joined_local_members: local,
  forward_extremities: extremities,
  ...optional('hold', hold && holdBody(hold)),
});

export const roomAdministrationRoutes = (rooms: RoomAdministration): readonly Route[] => [
  ...readingRoutes(rooms),

  route(holdRoom, async ({ caller, params: { roomId }, body: { kind, readable = true, reason } }) => {
    await rooms.assertAdmin(caller.userId);
    return holdBody(await rooms.hold({ roomId, kind, readable, reason }, caller.userId));
  }),

  route(liftHold, async ({ caller, params }) => {
    await rooms.assertAdmin(caller.userId);
    await rooms.lift(params.roomId);
    return {};
  }),

  route(purgeHistory, async ({ caller, params, body: { before_event: event, before_ts: time } }) => {
    await rooms.assertAdmin(caller.userId);
    return jobBody(await rooms.purgeHistory(params.roomId, { event, time }, caller.userId));
  }),

  route(deleteRoom, async ({ caller, params, body: { evict = false, block = false, reason } }) => {
    await rooms.assertAdmin(caller.userId);
    return jobBody(await rooms.deleteRoom(params.roomId, { evict, block, reason }, caller.userId));
  }),
];

const readingRoutes = (rooms: RoomAdministration): readonly Route[] => [
  route(listRooms, async ({ caller, query }) => {
    await rooms.assertAdmin(caller.userId);
    const { rooms: found, next } = await rooms.list(query);
    return { rooms: found.map(summaryBody), ...optional('next', next) };
  }),

  route(getRoomDetails, async ({ caller, params }) => {
    await rooms.assertAdmin(caller.userId);
    const { summary, size, aliases, jobs } = await rooms.details(params.roomId);
    return {
      ...summaryBody(summary),
      aliases,
      servers: size.servers,
      events: size.events,
      event_bytes: size.bytes,
      state_events: size.state,
      jobs: jobs.map(jobBody),
    };
  }),

  route(listRoomJobs, async ({ caller, query: { room_id: roomId, ...page } }) => {
    await rooms.assertAdmin(caller.userId);
    const { jobs, next } = await rooms.jobs(roomId, page);
    return { jobs: jobs.map(jobBody), ...optional('next', next) };
  }),

  route(getRoomJob, async ({ caller, params }) => {
    await rooms.assertAdmin(caller.userId);
    return jobBody(await rooms.job(Number(params.jobId)));
  }),
];
