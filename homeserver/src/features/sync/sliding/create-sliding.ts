import type { Background } from '../../../platform/background.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Entropy } from '../../../platform/entropy.ts';
import { InvitedRooms } from '../invited-rooms.sync.ts';
import { JoinedRooms } from '../joined-rooms.sync.ts';
import { LazyMembers } from '../lazy-members.sync.ts';
import { StateDeltas } from '../state-deltas.sync.ts';
import type { SyncDeps, Sync } from '../sync.service.ts';
import { Timelines } from '../timelines.sync.ts';
import { Answers } from './answers.sync.ts';
import { AskedViews } from './asked-views.sync.ts';
import { Arrivals } from './arrivals.sync.ts';
import { SlidingConnections } from './sliding-connections.service.ts';
import { ExtensionParts } from './extensions.sync.ts';
import { GoneViews } from './gone-views.sync.ts';
import { Followings } from './following.service.ts';
import { OutsideViews } from './outside-views.sync.ts';
import { ProfilesExtension, type ProfilesExtensionDeps } from './profiles-extension.sync.ts';
import { RoomCards } from './room-cards.service.ts';
import { RoomNames } from './room-names.service.ts';
import { RoomFacts } from './room-facts.sync.ts';
import { RoomLists, type Settings } from './room-lists.service.ts';
import { Rosters } from './rosters.service.ts';
import { RoomStates } from './room-state.sync.ts';
import { RoomViews } from './room-views.sync.ts';
import { StickyExtension } from './sticky-extension.sync.ts';
import { SlidingSync } from './sliding.service.ts';
import { Spaces } from './spaces.service.ts';

export interface SlidingDeps extends SyncDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  readonly connectionBytes: number;
  readonly settings: Settings;
  readonly profiles: Omit<ProfilesExtensionDeps, 'engine'>;
  /** Whose polls, and whose counts of answers and of members, this one shares. */
  readonly sync: Sync;
}

/** Sliding sync over the same parts as the sync of before. */
export const createSliding = (deps: SlidingDeps) => {
  const { db, engine, readers, parts, sync, idle } = deps;
  const { polls, follows, telemetry, summaries, long } = sync;
  const cards = new RoomCards(db, engine);
  const connections = new SlidingConnections(deps);
  const timelines = new Timelines(engine);
  const deltas = new StateDeltas(engine);
  const states = new RoomStates(engine, deltas);
  const facts = new RoomFacts({ engine, summaries, states });
  const joined = new JoinedRooms({ ...deps, timelines, deltas, summaries, lazyMembers: new LazyMembers(idle) });
  const rosters = new Rosters({ engine, cards, unwelcomeInviters: deps.unwelcomeInviters, idle });
  const lists = new RoomLists({
    rosters,
    idle,
    arrivals: new Arrivals(db, engine.events),
    settings: deps.settings,
    spaces: new Spaces(engine),
    names: new RoomNames(db, engine),
  });
  const extensions = new ExtensionParts(parts);
  const answers = new Answers({
    engine,
    followings: new Followings(lists),
    views: new AskedViews({
      engine,
      joined: new RoomViews({ engine, unread: deps.unread, joined, facts, states }),
      outside: new OutsideViews({ engine, readers, timelines, states, facts, invited: new InvitedRooms(db, engine) }),
      summaries,
      long,
    }),
    gone: new GoneViews(engine),
    unread: deps.unread,
    extensions,
    sticky: new StickyExtension(engine, readers),
    profiles: new ProfilesExtension({ ...deps.profiles, engine }),
  });
  const settled = () => [engine.stream.settled, ...parts.map(({ stream }) => stream.settled)];
  const sliding = new SlidingSync({ ...deps, connections, answers, extensions, polls, follows, telemetry, settled });
  return { sliding, connections, cards };
};

export type Sliding = ReturnType<typeof createSliding>;
