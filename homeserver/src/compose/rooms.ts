import { Inbox } from '../federation/inbox/inbox.ts';
import type { EduListener } from '../federation/inbox/received.ts';
import { openOutbox, type Outbox } from '../federation/outbox/outbox.ts';
import type { EduRecall } from '../federation/outbox/recall.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { CommitListener } from '../rooms/commit.ts';
import { createRoomEngine } from '../rooms/engine.ts';
import { StateCollector } from '../rooms/state/collect/collector.ts';
import { createIngest } from '../rooms/ingest/create-ingest.ts';
import { forgetOnLeave } from '../rooms/members/forgetting.ts';
import { OutsideMemberships } from '../rooms/members/outside.ts';
import { latestEvents } from '../rooms/remote/latest-events.ts';
import { Newcomers, type NewcomersDeps } from '../rooms/remote/newcomers.ts';
import { remoteRooms } from '../rooms/remote/remote-rooms.ts';
import { StickyDuties } from '../rooms/sticky/sticky-duties.ts';
import { VisibleToServer } from '../rooms/timeline/visible-to-server.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { RetentionRules } from '../core/rooms/retention.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import { policyServerSettings } from './policy-server.ts';

interface RoomParts {
  readonly notifier: Notifier;
  readonly rateLimits: RateLimits;
}

/** The room engine, with its ways in from other servers and out to them. */
export const composeRooms = async (base: Base, federation: Federation, { notifier, rateLimits }: RoomParts) => {
  const { db, serverName } = base;
  const federationLog = base.log.with({ area: 'federation' });
  const listeners: CommitListener[] = [];
  const eduListeners: EduListener[] = [];
  const eduRecalls: EduRecall[] = [];
  const engine = await createRoomEngine({
    ...base,
    log: base.log.with({ area: 'rooms' }),
    notifier,
    signer: federation.signer,
    client: federation.client,
    listeners,
    cacheBytes: cachesOf(base.config),
    redactedContentDays: base.config.rooms.redacted_content_days,
    retention: retentionRules(base.config.rooms.retention),
    policyServer: await policyServerSettings(base, rateLimits),
  });
  listeners.push((step) => engine.banLists.committed(step));
  const outbox = await openOutbox({
    ...base,
    ...federation,
    log: federationLog,
    pdusByNid: (nids) => engine.events.texts(nids),
    catchUp: (server, missed) => latestEvents(engine, server, missed),
    positions: engine.stream,
    recalls: eduRecalls,
  });
  const visibleToServer = new VisibleToServer(db, engine);
  const sticky = new StickyDuties({ ...base, engine });
  listeners.push(...afterSteps({ ...base, engine, outbox, sticky, visible: visibleToServer }));

  const outside = new OutsideMemberships({ ...engine, db });
  const remote = remoteRooms(federation.client);
  const incoming = createIngest(engine, {
    ...base,
    outside,
    signer: federation.signer,
    remote,
    verifier: federation.keyring,
    log: base.log.with({ area: 'rooms' }),
  });
  federation.keyListeners.push((server) => incoming.ingest.keysCame(server));
  const inbox = new Inbox({ ...base, log: federationLog, receiver: incoming.receiver, eduListeners });
  return {
    engine,
    collector: new StateCollector({ ...base, ...engine }),
    listeners,
    eduListeners,
    eduRecalls,
    outbox,
    sticky,
    inbox,
    ...incoming,
    outside,
    visibleToServer,
    database: db,
    remote,
    serverName,
  };
};

/** See the configuration's section `memory`. */
export const cachesOf = ({ memory }: ServerConfig) => {
  const bytes = memory.cache_mb * 1024 * 1024;
  return { events: (bytes * 2) / 3, states: bytes / 3, rooms: bytes, memberships: bytes, connections: bytes };
};

/** What follows from a step of a room once others have been told of it. */
const afterSteps = (deps: Base & NewcomersDeps & { outbox: Outbox; sticky: StickyDuties }): CommitListener[] => {
  const { background, config, engine, outbox, sticky } = deps;
  const newcomers = new Newcomers(deps);
  return [
    waking(outbox),
    (step) => sticky.committed(step),
    (step) => newcomers.committed(step),
    ...(config.rooms.forget_on_leave ? [forgetOnLeave(engine, background)] : []),
  ];
};

const waking =
  (outbox: Outbox): CommitListener =>
  ({ outbox: rows }) => {
    for (const { destinations, position } of rows) outbox.wake(destinations, position);
    // Others may have waited for this commit's positions to settle.
    if (rows.length === 0) outbox.wake([], 0);
  };

export type RoomServices = Awaited<ReturnType<typeof composeRooms>>;

const retentionRules = (settings: ServerConfig['rooms']['retention']): RetentionRules | undefined =>
  settings.enabled
    ? {
        defaultMax: settings.default_max_lifetime_ms,
        allowedMin: settings.allowed_lifetime_min_ms,
        allowedMax: settings.allowed_lifetime_max_ms,
      }
    : undefined;
