import type { Database } from '../../../storage/database.ts';
import type { Events } from '../../events.ts';
import type { Admission } from '../admission.ts';
import type { RemoteRooms } from '../ports.ts';
import type { Singles } from './singles.ts';
import type { Sources } from './sources.ts';
import type { Retention } from '../../upkeep/retention.ts';

export interface MissingDeps {
  readonly db: Database;
  readonly remote: RemoteRooms;
  readonly admission: Admission;
  readonly events: Events;
  readonly sources: Sources;
  readonly singles: Singles;
  /** What has been purged is no news when somebody sends it again. */
  readonly retention: Pick<Retention, 'floor'>;
}
