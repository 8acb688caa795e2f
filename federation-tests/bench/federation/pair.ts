import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/process.ts';
import { Client, type Person } from '../client.ts';
import { ServerProcess } from '../server-process.ts';

const NAMES = ['a.localhost', 'b.localhost'] as const;
const CONNECTIONS = 64;

export interface Side {
  server: ServerProcess;
  readonly client: Client;
}

/** Two homeservers, each a process with a database of its own, that know of each other. */
export class Pair implements AsyncDisposable {
  readonly a: Side;
  readonly b: Side;
  readonly #startB: () => Promise<ServerProcess>;

  private constructor(a: Side, b: Side, startB: () => Promise<ServerProcess>) {
    this.a = a;
    this.b = b;
    this.#startB = startB;
  }

  static async start(folder: string, databases: readonly [string, string], profile?: string): Promise<Pair> {
    const ports = [await freePort(), await freePort()] as const;
    const start = async (own: 0 | 1): Promise<ServerProcess> => {
      const other = own === 0 ? 1 : 0;
      const home = join(folder, NAMES[own]);
      mkdirSync(home, { recursive: true });
      const overrides = { [NAMES[other]]: `http://127.0.0.1:${ports[other]}` };
      return ServerProcess.start({
        name: NAMES[own],
        port: ports[own],
        folder: home,
        database: databases[own],
        profileInto: profile,
        // So that nobody waits for the next attempt when a server is back.
        settings: { federation: { overrides, max_backoff_ms: 1_000 } },
      });
    };
    const [a, b] = [await start(0), await start(1)];
    const side = (server: ServerProcess): Side => ({ server, client: new Client(server.url, CONNECTIONS) });
    return new Pair(side(a), side(b), () => start(1));
  }

  /** Rooms of people on the first server, with somebody of the second one in all of them. */
  async rooms(owners: readonly Person[], guest: Person): Promise<string[]> {
    const rooms: string[] = [];
    for (const owner of owners) {
      const room = await this.a.client.createRoom(owner);
      const via = `via=${this.a.server.name}`;
      await this.b.client.ask('POST', `/join/${encodeURIComponent(room)}?${via}`, { token: guest.token, body: {} });
      rooms.push(room);
    }
    return rooms;
  }

  stopB(): Promise<void> {
    return this.b.server.stop();
  }

  async startB(): Promise<void> {
    this.b.server = await this.#startB();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of [this.a, this.b]) {
      await client.close();
      await server.stop();
    }
  }
}
