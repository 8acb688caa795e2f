import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/chance.ts';
import type { OpenSocket } from '../../platform/socket.ts';
import type { Storage } from '../../platform/storage.ts';
import type { Value } from '../../reactive/value.ts';

export interface GatewayNeeds {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly online: Value<boolean>;
  readonly fetch: typeof globalThis.fetch;
  readonly openSocket: OpenSocket;
  readonly chance: Chance;
}
