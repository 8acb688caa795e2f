/**
 * One random room, in which everything that is worked out in a clever way is worked out in the plain way, too: the states'
 * tries against maps, the sweeps over ordinals against auth chains by their definition, and each resolution of a fork
 * against a transcription of the specification.
 */
import type { EventId } from '@holm/spec/ids';
import { decide } from '../../needs.ts';
import { roomVersion } from '../../rooms/room-version.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import type { Conflict } from '../conflict.ts';
import { isEventNeed } from '../conflict.ts';
import { resolve } from '../resolve.ts';
import type { StateHasher } from '../state-hash.ts';
import type { StateKeyString } from '../state-key.ts';
import { AuthSweeps } from './auth-sweeps.ts';
import { Dice } from './dice.ts';
import type { Tally } from './tally.ts';
import { isSameState, Mismatch } from './mismatch.ts';
import { ORACLE_V2, ORACLE_V2_1, resolveByTheBook, type Custom } from './resolve-oracle.ts';
import { resolveV1ByTheBook } from './resolve-oracle-v1.ts';
import { RoomHistory, type Placed } from './room-history.ts';
import { RoomTries } from './room-tries.ts';
import type { Reading, RoomState } from './state-sets.ts';
import { compareTrieWithMap } from './trie-differential.ts';

/** Each algorithm, in the versions whose rules change what it comes to. */
export const VERSIONS = ['1', '2', '10', '11', '12'] as const;

export interface CaseInput {
  readonly seed: number;
  readonly tally: Tally;
  readonly hasher: StateHasher;
}

/** Throws a `Mismatch` where two ways disagree. The seed decides everything, the room version included. */
export const runCase = ({ seed, tally, hasher }: CaseInput): void => {
  const dice = new Dice(seed);
  const id = dice.pick(VERSIONS);
  const version = roomVersion(id);
  if (version === undefined) throw new Error(`no room version ${id}`);
  tally.versions[id] = (tally.versions[id] ?? 0) + 1;
  compareTrieWithMap(dice, hasher);
  new DifferentialRoom(version, dice, tally).run();
};

/** How the servers of today differ from the letter. */
const AS_SERVERS_DO: Custom = { inclusive: true, within: true };

/** What the two ways to read the specification come to. */
class DifferentialRoom {
  readonly #version: RoomVersion;
  readonly #dice: Dice;
  readonly #tally: Tally;
  readonly #tries: RoomTries;
  readonly #sweeps = new AuthSweeps();
  readonly #history: RoomHistory;
  /** Events that others accepted, but we did not. */
  readonly #disowned = new Set<EventId>();

  constructor(version: RoomVersion, dice: Dice, tally: Tally) {
    this.#version = version;
    this.#dice = dice;
    this.#tally = tally;
    this.#tries = new RoomTries(dice);
    this.#history = new RoomHistory({
      version,
      dice,
      resolve: (states) => this.#resolve(states),
      placed: (placed) => this.#place(placed),
    });
  }

  run(): void {
    const attempts = 4 + this.#dice.below(this.#dice.chance(0.93) ? 12 : 60);
    for (let n = 0; n < attempts; n += 1) this.#history.continue();
    this.#resolve(this.#history.someStates(2 + this.#dice.below(4)));
    if (this.#dice.chance(0.15)) this.#resolveWithDisowned();
    const tally = this.#tally;
    tally.cases += 1;
    tally.events += this.#history.events.size;
    const rejected = this.#history.placed.filter((placed) => placed.rejected).length;
    tally.rejectedEvents += rejected;
    if (rejected > 0) tally.casesWithRejected += 1;
  }

  #place(placed: Placed): void {
    const { event, before, after } = placed;
    if (event.stateKey === undefined) return;
    this.#sweeps.append(event);
    if (after === before) return;
    const changes = new Map([...after].filter(([key, id]) => before.get(key) !== id));
    this.#tries.change(before, after, changes);
  }

  #resolveWithDisowned(): void {
    const events = [...this.#history.events.values()];
    const cited = new Set(events.flatMap(({ authEvents }) => authEvents));
    const candidates = [...cited].filter((id) => this.#history.events.get(id)?.type !== 'm.room.create');
    for (const id of this.#dice.some(candidates, 1 + this.#dice.below(3))) this.#disowned.add(id);
    this.#tally.casesWithDisowned += 1;
    this.#resolve(this.#history.someStates(2 + this.#dice.below(4)));
  }

  /** All comparisons for one fork; gives what the server would make of it. */
  #resolve(states: readonly RoomState[]): RoomState {
    const [base] = states;
    if (base === undefined) throw new Error('there is nothing to resolve');
    const conflicted = this.#tries.conflicted(states);
    this.#tally.merges += 1;
    if (conflicted.size > 0) this.#tally.conflicts += 1;
    const resolved =
      this.#version.stateResolution === 'v1'
        ? this.#resolveV1(states, conflicted)
        : this.#resolveV2(states, conflicted);
    const state = applied(base, resolved);
    this.#tries.change(base, state, resolved);
    this.#tries.check(state);
    return state;
  }

  #resolveV1(states: readonly RoomState[], conflicted: ReadonlyMap<StateKeyString, EventId[]>) {
    const { events } = this.#history;
    const resolved = this.#run(states, { conflicted, authDifference: [], conflictedSubgraph: [] });
    const expected = resolveV1ByTheBook({ sets: states, events, keepOne: true });
    this.#compare('servers', states, resolved, expected);
    const literal = resolveV1ByTheBook({ sets: states, events, keepOne: false });
    if (!isSameState(literal, expected)) this.#tally.keptThoughNonePasses += 1;
    return resolved;
  }

  #resolveV2(states: readonly RoomState[], conflicted: ReadonlyMap<StateKeyString, EventId[]>) {
    const sweeps = this.#sweeps.compare(states, conflicted);
    this.#count(conflicted, sweeps);
    const isRejected = (id: EventId): boolean => this.#disowned.has(id);
    const subgraph = this.#version.stateResolution === 'v2.1' ? sweeps.subgraph : [];
    const literal = { conflicted, authDifference: sweeps.literal, conflictedSubgraph: subgraph, isRejected };
    const byTheLetter = this.#run(states, literal);
    this.#compareLiteral(states, byTheLetter);
    if (!sweeps.readingMatters && this.#disowned.size === 0) return byTheLetter;
    const byCustom = this.#run(states, { ...literal, authDifference: sweeps.inclusive });
    this.#compare('servers', states, byCustom, this.#oracle(states, AS_SERVERS_DO));
    if (!isSameState(byCustom, byTheLetter)) this.#tally.inclusiveMatters += 1;
    return byCustom;
  }

  /**
   * The letter follows auth chains of power events wherever they lead, we only as far as they stay in the set. Where it
   * makes a difference to the result it is counted.
   */
  #compareLiteral(states: readonly RoomState[], resolved: Resolved): void {
    const letter = this.#oracle(states, {});
    const [base] = states;
    if (base !== undefined && isSameState(applied(base, resolved), letter)) return;
    this.#compare('letter', states, resolved, this.#oracle(states, { within: true }));
    this.#tally.chainsThroughOutsidersMatter += 1;
  }

  #count(conflicted: ReadonlyMap<StateKeyString, EventId[]>, { inclusive, readingMatters, subgraph }: SweepsOf): void {
    const own = new Set([...conflicted.values()].flat());
    const tally = this.#tally;
    if (inclusive.some((id) => !own.has(id))) tally.authDifferences += 1;
    if (this.#version.stateResolution === 'v2.1' && subgraph.some((id) => !own.has(id))) tally.subgraphs += 1;
    if (readingMatters) tally.differencesByReading += 1;
  }

  #oracle(sets: readonly RoomState[], custom: Custom): RoomState {
    const rules = this.#version.stateResolution === 'v2' ? ORACLE_V2 : ORACLE_V2_1;
    const { chains } = this.#sweeps;
    const isRejected = (id: EventId): boolean => this.#disowned.has(id);
    return resolveByTheBook({ rules, sets, events: this.#history.events, chains, isRejected, custom });
  }

  #run(states: readonly RoomState[], conflict: Conflict): Resolved {
    const [base] = states;
    return decide(resolve(this.#version, conflict), (need) => {
      if (!isEventNeed(need) && conflict.conflicted.has(need)) throw new Mismatch('asked for a conflicted key');
      const id = isEventNeed(need) ? need : base?.get(need);
      return id === undefined ? undefined : this.#history.events.get(id);
    });
  }

  #compare(reading: Reading, sets: readonly RoomState[], resolved: Resolved, expected: RoomState): void {
    const [base] = sets;
    const actual = base === undefined ? new Map<StateKeyString, EventId>() : applied(base, resolved);
    if (isSameState(actual, expected)) return;
    const differing = [...new Set([...actual.keys(), ...expected.keys()])]
      .filter((key) => actual.get(key) !== expected.get(key))
      .map((key) => `${JSON.stringify(key)}: ${actual.get(key)} instead of ${expected.get(key)}`);
    throw new Mismatch(`resolved in version ${this.#version.id}, reading of ${reading}: ${differing.join(', ')}`, {
      reading,
      sets,
      events: this.#history.events,
      rejected: this.#disowned,
      expected,
    });
  }
}

type Resolved = ReadonlyMap<StateKeyString, EventId | undefined>;
type SweepsOf = ReturnType<AuthSweeps['compare']>;

const applied = (base: RoomState, changes: Resolved): RoomState => {
  const state = new Map(base);
  for (const [key, id] of changes) {
    if (id === undefined) state.delete(key);
    else state.set(key, id);
  }
  return state;
};
