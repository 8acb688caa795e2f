import type { Client } from '../client.ts';
import type { ServerProcess } from '../server-process.ts';

/** What there is to measure with. */
export interface Setting {
  readonly server: ServerProcess;
  readonly client: Client;
  /** Another process over the same database; the first one ends. */
  readonly restart: () => Promise<ServerProcess>;
}
