import type { Position } from '../../streams/stream.ts';
import { KnownStatuses, MAX_KNOWN } from './known-statuses.service.ts';
import { Presence, type PresenceDeps } from './presence.service.ts';
import { presenceStore as store } from './presence.store.ts';

/** Presence, with what was known at the end of the last run. */
export const openPresence = async (deps: PresenceDeps): Promise<Presence> => {
  const rows = await store.newest(deps.db, MAX_KNOWN);
  const known = new KnownStatuses(deps.serverName);
  known.restore(rows, deps.clock.now());
  return new Presence(deps, known, rows.at(-1)?.position ?? (0 as Position));
};
