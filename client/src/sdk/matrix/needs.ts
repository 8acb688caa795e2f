import type { Clock } from '../../platform/clock.ts';
import type { Storage } from '../../platform/storage.ts';
import type { Value } from '../../reactive/value.ts';

export interface GatewayNeeds {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly online: Value<boolean>;
  readonly fetch: typeof globalThis.fetch;
}
