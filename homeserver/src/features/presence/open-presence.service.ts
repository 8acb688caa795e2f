import type { Database } from '../../storage/database.ts';
import { SequencedStream } from '../../streams/sequenced-stream.ts';
import { KnownStatuses, MAX_KNOWN } from './known-statuses.service.ts';
import { Presence, type PresenceDeps } from './presence.service.ts';
import { presenceStore as store } from './presence.store.ts';

/** Its positions are in clients' tokens even where nobody is shown who is online. */
export const openPresenceStream = (db: Database): Promise<SequencedStream> =>
  SequencedStream.open(db, 'presence', 'presence_positions');

/** Presence, with what was known at the end of the last run. */
export const openPresence = async (deps: PresenceDeps): Promise<Presence> => {
  const rows = await store.newest(deps.db, MAX_KNOWN);
  const known = new KnownStatuses(deps.serverName);
  known.restore(rows, deps.clock.now());
  const presence = new Presence(deps, known);
  await presence.place();
  return presence;
};
