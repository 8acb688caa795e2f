import type { PduReceiver } from '../../federation/inbox/received.ts';
import type { Signer } from '../../core/events/build.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import { AwaitedRedactions } from '../awaited-redactions.ts';
import type { RoomEngine } from '../engine.ts';
import { Merger } from '../extremities/merger.ts';
import type { OutsideMemberships } from '../members/outside.ts';
import { Completion } from '../partial/completion.ts';
import { Resync } from '../partial/resync.ts';
import { AfterStates } from '../state/after-states.ts';
import { Resolution } from '../state/resolution.ts';
import { Admission } from './admission.ts';
import { Backfill } from './backfill.ts';
import { HeldEvents } from './held-events.ts';
import { Elsewhere } from './elsewhere.ts';
import { RoomImport } from './import.ts';
import { Ingest } from './ingest.ts';
import { JoinsUnderWay } from './joins.ts';
import { Missing } from './missing.ts';
import type { EventVerifier, RemoteRooms } from './ports.ts';
import { pduReceiver } from './receiver.ts';
import { Withdrawals } from './withdrawals.ts';

export interface IngestPorts {
  readonly db: Database;
  readonly remote: RemoteRooms;
  readonly verifier: EventVerifier;
  readonly outside: OutsideMemberships;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  readonly log: Log;
}

/** What takes events in from other servers. */
export interface IngestEngine {
  readonly admission: Admission;
  readonly ingest: Ingest;
  readonly receiver: PduReceiver;
  readonly roomImport: RoomImport;
  readonly joins: JoinsUnderWay;
  readonly resync: Resync;
  readonly backfill: Backfill;
  readonly elsewhere: Elsewhere;
  readonly merger: Merger;
  readonly held: HeldEvents;
}

export const createIngest = (engine: RoomEngine, ports: IngestPorts): IngestEngine => {
  const { db, remote, verifier, outside, background, log } = ports;
  const admission = new Admission({ db, verifier, log });
  const missing = new Missing({ ...engine, db, remote, admission, log });
  const { partial } = engine;
  const resolution = new Resolution(engine, (room) => partial.get(room) !== undefined);
  const resolving = { afterStates: new AfterStates(engine.tries), resolution };
  const merger = new Merger({ ...ports, ...engine, ...resolving });
  const awaited = new AwaitedRedactions({ ...engine, db });
  const held = new HeldEvents({ ...ports, rooms: engine.rooms });
  const keeping = { merger, awaited, held, background };
  const ingest = new Ingest({ ...engine, ...resolving, ...keeping, db, admission, missing, log });
  const inFull = { ...resolving, resolution: new Resolution(engine) };
  const completion = new Completion({ ...engine, ...inFull, db, clock: ports.clock });
  const resync = new Resync({ ...engine, ...ports, admission, ingest, completion });
  const joins = new JoinsUnderWay();
  const withdrawals = new Withdrawals({ ...engine, admission, outside });
  const backfill = new Backfill({ ...engine, ...ports, admission, missing, ingest });
  return {
    admission,
    ingest,
    merger,
    held,
    joins,
    resync,
    receiver: pduReceiver({ ...engine, ingest, withdrawals, joins }),
    roomImport: new RoomImport({ ...engine, db, admission, ingest, partial, resync }),
    backfill,
    elsewhere: new Elsewhere({ ...engine, remote, backfill, log }),
  };
};
