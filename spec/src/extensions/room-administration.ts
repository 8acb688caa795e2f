import { type Static, Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/**
 * What administrators of this server do with rooms. Every operation answers 403 `M_FORBIDDEN` to anybody else. Words of
 * the paths are ours: Matrix has none for this.
 */
const base = '/_holm/admin/v1';

const roomId = Type.Object({ roomId: formats.roomId });
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 500 }));
const reason = Type.Optional(Type.String({ maxLength: 1_000 }));

const hold = Type.Object({
  kind: Type.Union([Type.Literal('blocked'), Type.Literal('quarantined')]),
  /** Whether members may still read the room. */
  readable: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  set_by: Type.String(),
  set_at: Type.Integer(),
});

const summary = Type.Object({
  room_id: formats.roomId,
  version: Type.String(),
  name: Type.Optional(Type.String()),
  /** Whether this server has the room's state. It has not where somebody is only invited. */
  known: Type.Boolean(),
  joined_members: Type.Integer(),
  joined_local_members: Type.Integer(),
  forward_extremities: Type.Integer(),
  hold: Type.Optional(hold),
});

const job = Type.Object({
  job_id: Type.Integer(),
  room_id: formats.roomId,
  kind: Type.String(),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  options: formats.object,
  progress: formats.object,
  /** Why the last attempt failed. */
  error: Type.Optional(Type.String()),
  attempts: Type.Integer(),
  requested_by: Type.Optional(Type.String()),
  created_at: Type.Integer(),
  finished_at: Type.Optional(Type.Integer()),
});
export type RoomJob = Static<typeof job>;

/** Rooms in the order in which this server came to know them. */
export const listRooms = clientEndpoint({
  operationId: 'holmListRooms',
  method: 'GET',
  path: `${base}/rooms`,
  auth: 'user',
  params: nothing,
  query: Type.Object({
    from: Type.Optional(Type.Integer({ minimum: 0 })),
    limit,
    /** A part of the room's id, its name, or one of its addresses here. */
    search: Type.Optional(Type.String({ maxLength: 255 })),
  }),
  body: nothing,
  response: Type.Object({ rooms: Type.Array(summary), next: Type.Optional(Type.Integer()) }),
});

export const getRoomDetails = clientEndpoint({
  operationId: 'holmGetRoom',
  method: 'GET',
  path: `${base}/rooms/:roomId`,
  auth: 'user',
  params: roomId,
  query: nothing,
  body: nothing,
  response: Type.Intersect([
    summary,
    Type.Object({
      aliases: Type.Array(Type.String()),
      servers: Type.Integer(),
      /** All that is stored of it, shown or not. */
      events: Type.Integer(),
      event_bytes: Type.Integer(),
      state_events: Type.Integer(),
      jobs: Type.Array(job),
    }),
  ]),
});

/** Takes the place of an earlier hold. The room need not be here. */
export const holdRoom = clientEndpoint({
  operationId: 'holmHoldRoom',
  method: 'PUT',
  path: `${base}/rooms/:roomId/hold`,
  auth: 'user',
  params: roomId,
  query: nothing,
  body: Type.Object({
    kind: Type.Union([Type.Literal('blocked'), Type.Literal('quarantined')]),
    readable: Type.Optional(Type.Boolean()),
    reason,
  }),
  response: hold,
});

export const liftHold = clientEndpoint({
  operationId: 'holmLiftHold',
  method: 'DELETE',
  path: `${base}/rooms/:roomId/hold`,
  auth: 'user',
  params: roomId,
  query: nothing,
  body: nothing,
  response: nothing,
});

/** Removes messages from before an event or a time for good, here. State stays. */
export const purgeHistory = clientEndpoint({
  operationId: 'holmPurgeHistory',
  method: 'POST',
  path: `${base}/rooms/:roomId/purge_history`,
  auth: 'user',
  params: roomId,
  query: nothing,
  body: Type.Object({
    before_event: Type.Optional(formats.eventId),
    before_ts: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  response: job,
});

/** Removes a room and everything that belongs to it from this server. */
export const deleteRoom = clientEndpoint({
  operationId: 'holmDeleteRoom',
  method: 'DELETE',
  path: `${base}/rooms/:roomId`,
  auth: 'user',
  params: roomId,
  query: nothing,
  body: Type.Object({
    /** Users of this server leave first. Without it, a room that has any is not removed. */
    evict: Type.Optional(Type.Boolean()),
    /** Nobody of this server gets into the room again. */
    block: Type.Optional(Type.Boolean()),
    /** Told to the room by those who leave. */
    reason,
  }),
  response: job,
});

export const listRoomJobs = clientEndpoint({
  operationId: 'holmListRoomJobs',
  method: 'GET',
  path: `${base}/room_jobs`,
  auth: 'user',
  params: nothing,
  query: Type.Object({
    room_id: Type.Optional(formats.roomId),
    before: Type.Optional(Type.Integer({ minimum: 0 })),
    limit,
  }),
  body: nothing,
  response: Type.Object({ jobs: Type.Array(job), next: Type.Optional(Type.Integer()) }),
});

export const getRoomJob = clientEndpoint({
  operationId: 'holmGetRoomJob',
  method: 'GET',
  path: `${base}/room_jobs/:jobId`,
  auth: 'user',
  params: Type.Object({ jobId: Type.String({ pattern: '^[0-9]{1,15}$' }) }),
  query: nothing,
  body: nothing,
  response: job,
});
