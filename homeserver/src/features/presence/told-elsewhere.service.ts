import type { ServerName, UserId } from '@holm/spec/ids';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Circles } from './circles.service.ts';
import { toEdu } from './presence-edu.ts';
import type { Status } from './status.ts';

export interface ToldElsewhereDeps {
  readonly circles: Pick<Circles, 'serversOf'>;
  /** Absent where other servers are not told. */
  readonly outbox: Pick<Outbox, 'sendEdu'> | undefined;
}

/** Servers that are told of one user; those that they share the smallest rooms with come first. */
const MAX_SERVERS = 1_000;
const USERS_PER_EDU = 100;

/** Tells other servers of our users: each server once, of all that it shares a room with. */
export class ToldElsewhere {
  readonly #deps: ToldElsewhereDeps;
  #edus = 0;

  constructor(deps: ToldElsewhereDeps) {
    this.#deps = deps;
  }

  /** Resolves to how many messages that are. `introduced`: users whom a server has come to share a room with. */
  tell(
    users: ReadonlyMap<UserId, Status>,
    introduced: ReadonlyMap<ServerName, ReadonlyMap<UserId, Status>>,
    now: UnixMillis,
  ): number {
    if (!this.#deps.outbox) return 0;
    const byServer = new Map<ServerName, Map<UserId, Status>>();
    for (const [server, met] of introduced) byServer.set(server, new Map(met));
    for (const [user, status] of users) {
      for (const server of this.#deps.circles.serversOf(user, MAX_SERVERS)) {
        const told = byServer.get(server) ?? new Map<UserId, Status>();
        byServer.set(server, told.set(user, status));
      }
    }
    let count = 0;
    for (const [server, told] of byServer) count += this.#send(server, [...told], now);
    return count;
  }

  #send(server: ServerName, told: readonly (readonly [UserId, Status])[], now: UnixMillis): number {
    let count = 0;
    for (let i = 0; i < told.length; i += USERS_PER_EDU, count++) {
      const some = new Map(told.slice(i, i + USERS_PER_EDU));
      // Of one user the newest is enough.
      const key = some.size === 1 ? [...some.keys()][0] : `${this.#edus++}`;
      this.#deps.outbox?.sendEdu([server], toEdu(some, now), JSON.stringify(['m.presence', key]));
    }
    return count;
  }
}
