import type { ServerName } from '@holm/spec/ids';
import type { Log } from '../../../platform/log.ts';
import type { RoomEngine } from '../../engine.ts';
import type { Room } from '../../room.ts';

/** Servers that are asked when the one who sent the event does not help. */
const MAX_OTHERS = 2;

export interface SourcesDeps {
  readonly serverName: ServerName;
  readonly membersOf: RoomEngine['membersOf'];
  readonly log: Log;
}

/** Whom to ask for what is missing: who sent the event, then those with the most people in the room. */
export class Sources {
  readonly #deps: SourcesDeps;

  constructor(deps: SourcesDeps) {
    this.#deps = deps;
  }

  /** The first answer that is of use. A server that does not answer is nobody's fault; it never stops the rest. */
  async first<T>(
    what: string,
    servers: readonly ServerName[],
    request: (server: ServerName) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    for (const server of servers) {
      const answer = await this.ask(what, server, request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async ask<T>(what: string, server: ServerName, request: (server: ServerName) => Promise<T>): Promise<T | undefined> {
    try {
      return await request(server);
    } catch (err) {
      this.#deps.log.info('another server did not give what was missing', { what, server, err });
      return undefined;
    }
  }

  async of(room: Room, origin: ServerName): Promise<readonly ServerName[]> {
    const { serverName, membersOf } = this.#deps;
    const { servers } = await membersOf(room);
    const others = [...servers]
      .filter(([server]) => server !== serverName && server !== origin)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_OTHERS)
      .map(([server]) => server);
    return [origin, ...others];
  }
}
