import { sql } from '@holm/homeserver/storage/sql';
import { type Answer, call } from './http.ts';
import type { TestNetwork } from './network.ts';
import type { Person } from './people.ts';
import type { TestServer } from './server.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Somebody who administers their server, and what they can do there. */
export class Administrator {
  readonly person: Person;
  readonly server: TestServer;

  private constructor(person: Person, server: TestServer) {
    this.person = person;
    this.server = server;
  }

  static async on(network: TestNetwork, name: string): Promise<Administrator> {
    const person = await network.person('admin', name);
    const server = network.server(name);
    await server.rows(sql`UPDATE accounts SET admin = true WHERE user_id = ${person.userId}`);
    return new Administrator(person, server);
  }

  request(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(method, `${this.server.url}/_holm/admin/v1${path}`, { token: this.person.token, body });
  }

  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.request(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Lets time pass until a job is over; resolves to it. */
  async finish(network: TestNetwork, jobId: number): Promise<any> {
    for (let round = 0; round < 20; round++) {
      await network.settle();
      const job = await this.ask('GET', `/room_jobs/${jobId}`);
      if (job.state === 'done' || job.state === 'failed') return job;
      network.clock.advance(31_000);
      await this.server.running.services.upkeep.jobs.work();
    }
    throw new Error(`job ${jobId} does not end`);
  }
}

/** How many rows each table has of a room: by its number, which it had before, or by its id. */
export const rowsOf = async (server: TestServer, roomId: string, nid: number): Promise<Record<string, number>> => {
  const columns = await server.rows<{ table: string; column: string }>(sql`
    SELECT c.table_name::text AS table, c.column_name::text AS column
      FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
       AND c.column_name IN ('room_nid', 'room_id')`);
  const counts: Record<string, number> = {};
  for (const { table, column } of columns) {
    const text = `SELECT count(*)::int AS count FROM "${table}" WHERE "${column}" = $1`;
    const [row] = await server.rows<{ count: number }>({ text, values: [column === 'room_nid' ? nid : roomId] });
    if (row && row.count > 0) counts[table] = (counts[table] ?? 0) + row.count;
  }
  return counts;
};

export const numberOf = async (server: TestServer, roomId: string): Promise<number> => {
  const [row] = await server.rows<{ room_nid: number }>(sql`SELECT room_nid FROM rooms WHERE room_id = ${roomId}`);
  if (!row) throw new Error(`${server.name} does not know ${roomId}`);
  return row.room_nid;
};
