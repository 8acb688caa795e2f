import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Database } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { Job, JobKind, JobState, NewJob } from './job.ts';

interface JobRow {
  readonly job_id: number;
  readonly room_id: RoomId;
  readonly kind: JobKind;
  readonly options: JsonObject;
  readonly progress: JsonObject;
  readonly state: JobState;
  readonly error: string | null;
  readonly requested_by: string | null;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly attempts: number;
  readonly epoch: number;
}

const fromRow = (row: JobRow): Job => ({
  id: row.job_id,
  roomId: row.room_id,
  kind: row.kind,
  options: row.options,
  progress: row.progress,
  state: row.state,
  error: row.error ?? undefined,
  requestedBy: row.requested_by ?? undefined,
  createdAt: row.created_at,
  finishedAt: row.finished_at ?? undefined,
  attempts: row.attempts,
  epoch: row.epoch,
});

/** What becomes of a job that somebody has worked on. */
export interface Settled {
  readonly state: JobState;
  readonly dueAt: number;
  readonly finishedAt?: number | undefined;
  readonly error?: string | undefined;
  readonly attempts: number;
}

export const jobsStore = {
  /** Undefined when the room has one of the kind that is not over. */
  async add(db: Database, { roomId, kind, options, requestedBy }: NewJob, now: number): Promise<Job | undefined> {
    const [row] = await db.rows<JobRow>(sql`
      INSERT INTO room_jobs (room_id, kind, options, progress, state, requested_by, created_at, due_at)
      VALUES (${roomId}, ${kind}, ${JSON.stringify(options)}, '{}', 'waiting', ${requestedBy ?? null}, ${now}, ${now})
      ON CONFLICT (room_id, kind) WHERE state IN ('waiting', 'running') DO NOTHING
      RETURNING *`);
    return row && fromRow(row);
  },

  async get(db: Database, id: number): Promise<Job | undefined> {
    const [row] = await db.rows<JobRow>(sql`SELECT * FROM room_jobs WHERE job_id = ${id}`);
    return row && fromRow(row);
  },

  /** Newest first. */
  async list(
    db: Database,
    { roomId, before, limit }: { roomId: RoomId | undefined; before: number | undefined; limit: number },
  ): Promise<Job[]> {
    const rows = await db.rows<JobRow>(sql`
      SELECT * FROM room_jobs
       WHERE (${roomId ?? null}::text IS NULL OR room_id = ${roomId ?? null})
         AND job_id < ${before ?? Number.MAX_SAFE_INTEGER}
       ORDER BY job_id DESC LIMIT ${limit}`);
    return rows.map(fromRow);
  },

  /** The next job that is due and that nobody works on, for us alone until `leaseUntil`. */
  async take(db: Database, now: number, leaseUntil: number): Promise<Job | undefined> {
    const [row] = await db.rows<JobRow>(sql`
      UPDATE room_jobs SET state = 'running', lease_until = ${leaseUntil}, epoch = epoch + 1
       WHERE job_id = (
         SELECT job_id FROM room_jobs
          WHERE state IN ('waiting', 'running') AND due_at <= ${now} AND lease_until <= ${now}
          ORDER BY due_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING *`);
    return row && fromRow(row);
  },

  /** False when somebody else has the job now. */
  async keep(db: Database, { id, epoch }: Job, progress: JsonObject, leaseUntil: number): Promise<boolean> {
    const kept = await db.run(sql`
      UPDATE room_jobs SET progress = ${JSON.stringify(progress)}, lease_until = ${leaseUntil}
       WHERE job_id = ${id} AND epoch = ${epoch}`);
    return kept > 0;
  },

  settle: (db: Database, { id, epoch }: Job, to: Settled): Promise<number> =>
    db.run(sql`
      UPDATE room_jobs
         SET state = ${to.state}, due_at = ${to.dueAt}, finished_at = ${to.finishedAt ?? null}, lease_until = 0,
             error = ${to.error ?? null}, attempts = ${to.attempts}
       WHERE job_id = ${id} AND epoch = ${epoch}`),

  prune: (db: Database, before: number): Promise<number> =>
    db.run(sql`DELETE FROM room_jobs WHERE finished_at < ${before} AND state = 'done'`),
};
