import type { EventId } from '@holm/spec/ids';
import { decideWith } from './decide-with.ts';
import { authDifference } from '../../core/state/auth-difference.ts';
import type { AuthGraph, Ordinal } from '../../core/state/auth-graph.ts';
import { conflictedSubgraph } from '../../core/state/auth-sweep.ts';
import {
  type Conflict,
  isEventNeed,
  type Resolution as Resolved,
  type ResolutionNeed,
} from '../../core/state/conflict.ts';
import { resolve } from '../../core/state/resolve.ts';
import { fromStateKey, stateKey as keyString, type StateKeyString } from '../../core/state/state-key.ts';
import type { Events } from '../events.ts';
import type { EventNid, KeyNumber, RoomNid, SnapshotId, StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import type { AuthGraphs } from './auth-graphs.ts';
import { numberless, StateOrdinals } from './state-ordinals.ts';
import type { States } from './states.ts';
import type { NextState, Tries } from './tries.ts';
import { type Outspoken, outspoken } from './unknown-members.ts';

export interface ResolutionDeps {
  readonly tries: Pick<Tries, 'changeShared' | 'diff' | 'diffMany' | 'entries' | 'generation' | 'lookup'>;
  readonly states: Pick<States, 'view'>;
  readonly events: Pick<Events, 'byIds' | 'load'>;
  readonly authGraphs: Pick<AuthGraphs, 'with'>;
}

/** Resolves forks. The work is in proportion to what the states disagree on, and to how far back that reaches. */
export class Resolution {
  readonly #deps: ResolutionDeps;
  readonly #ordinals: StateOrdinals;
  readonly #isPartial: (room: RoomNid) => boolean;

  /** `isPartial`: whether states of a room lack members of whom nothing is known yet. */
  constructor(deps: ResolutionDeps, isPartial: (room: RoomNid) => boolean = () => false) {
    this.#deps = deps;
    this.#isPartial = isPartial;
    this.#ordinals = new StateOrdinals(deps.tries);
  }

  /** The state that several states of a room make together, in a step that may have placed events of them. */
  async resolve(snapshots: readonly SnapshotId[], change: Change): Promise<NextState> {
    const [only, ...more] = new Set(snapshots);
    if (only === undefined) throw new Error('there is nothing to resolve');
    if (more.length === 0) return { snapshot: only, rows: [] };
    const { snapshots: unique, differing, agreed } = await this.#differing([only, ...more], change);
    const [base = only] = unique;
    const events = await this.#load([...differing.values()].flat(), change);
    const { conflicted, authDifference, conflictedSubgraph } = await this.#conflict(unique, differing, {
      events,
      change,
    });
    const rejected = new Set<EventId>();
    const isRejected = (id: EventId): boolean => rejected.has(id);
    const conflict: Conflict = { conflicted, authDifference, conflictedSubgraph, isRejected };
    const resolved = await decideWith(resolve(change.room.version, conflict), async (needs) => {
      const answer = await this.#answer(needs, base, change);
      for (const { event, status } of answer.values()) if (status === 'rejected') rejected.add(event.eventId);
      return new Map([...answer].map(([need, { event }]) => [need, event]));
    });
    return this.#apply(base, { resolved, agreed }, change);
  }

  async #differing(snapshots: readonly SnapshotId[], { room, head, newKeys }: Change): Promise<Outspoken> {
    const differing = await this.#deps.tries.diffMany(snapshots);
    if (!this.#isPartial(room.nid)) return { snapshots, differing, agreed: new Map() };
    const fresh = newKeys.filter(({ type }) => type !== 'm.room.member').map(({ number }) => number);
    const others = new Set([...(await room.keys.withoutMembers(head.nextKey)), ...fresh]);
    return outspoken(snapshots, differing, (key) => !others.has(key));
  }

  async #conflict(
    snapshots: readonly SnapshotId[],
    differing: ReadonlyMap<KeyNumber, readonly EventNid[]>,
    { events, change }: { readonly events: ReadonlyMap<EventNid, StoredEvent>; readonly change: Change },
  ): Promise<Conflict> {
    const conflicted = new Map<StateKeyString, readonly EventId[]>();
    for (const nids of differing.values()) {
      const candidates = [...new Set(nids)].flatMap((nid) => events.get(nid) ?? []);
      const [first] = candidates;
      if (first?.event.stateKey === undefined) continue;
      const key = keyString(first.event.type, first.event.stateKey);
      conflicted.set(
        key,
        candidates.map(({ event }) => event.eventId),
      );
    }
    if (change.room.version.stateResolution === 'v1') return { conflicted, authDifference: [], conflictedSubgraph: [] };
    const graph = await this.#deps.authGraphs.with(change.room.nid, change.authEntries);
    const sets = snapshots.map((_, i) => ordinals([...differing.values()].map((nids) => events.get(nids[i] ?? 0))));
    const difference = await this.#authDifference(graph, sets, snapshots, change);
    const subgraph = change.room.version.stateResolution === 'v2.1' ? conflictedSubgraph(graph, sets.flat()) : [];
    const names = await this.#load(
      [...difference, ...subgraph].map((ordinal) => graph.nid(ordinal)),
      change,
    );
    const idOf = (ordinal: Ordinal): EventId[] => {
      const stored = names.get(graph.nid(ordinal));
      return stored ? [stored.event.eventId] : [];
    };
    return {
      conflicted,
      authDifference: difference.flatMap(idOf),
      conflictedSubgraph: subgraph.flatMap(idOf),
    };
  }

  /** As Synapse computes it, so that both resolve to the same: a set's events count as part of their own chains. */
  async #authDifference(
    graph: AuthGraph,
    sets: readonly (readonly Ordinal[])[],
    snapshots: readonly SnapshotId[],
    change: Change,
  ): Promise<Ordinal[]> {
    const rough = authDifference(graph, sets, { inclusive: true });
    const [snapshot = 0] = snapshots;
    const conflicted = new Set(sets.flat());
    if (rough.every((ordinal) => conflicted.has(ordinal))) return rough;
    const inAll = await this.#ordinals.of({ room: change.room.nid, graph, snapshot }, async (nids) => {
      const events = await this.#load(nids, change);
      return new Map(
        [...events].flatMap(([nid, { authNumber }]) => (authNumber === undefined ? [] : [[nid, authNumber]])),
      );
    });
    const own = [...conflicted].filter((ordinal) => inAll.has(ordinal));
    for (const ordinal of own) inAll.delete(ordinal);
    try {
      return authDifference(graph, sets, { inclusive: true, inAll });
    } finally {
      for (const ordinal of own) inAll.add(ordinal);
    }
  }

  async #answer(
    needs: readonly ResolutionNeed[],
    base: SnapshotId,
    change: Change,
  ): Promise<ReadonlyMap<ResolutionNeed, StoredEvent>> {
    const found = new Map<ResolutionNeed, StoredEvent>();
    const ids = needs.filter(isEventNeed);
    const stored = await this.#deps.events.byIds(ids.filter((id) => !change.byId(id)));
    for (const id of ids) {
      const event = change.byId(id) ?? stored.get(id);
      if (event) found.set(id, event);
    }
    const keys = needs.filter((need): need is StateKeyString => !isEventNeed(need));
    const view = await this.#deps.states.view(change.room, base, keys.map(fromStateKey), change);
    for (const key of keys) {
      const event = view.get(key);
      if (event) found.set(key, event);
    }
    return found;
  }

  async #apply(
    base: SnapshotId,
    { resolved, agreed }: { readonly resolved: Resolved; readonly agreed: ReadonlyMap<KeyNumber, EventNid> },
    change: Change,
  ): Promise<NextState> {
    const ids = [...resolved.values()].filter((id) => id !== undefined);
    const stored = await this.#deps.events.byIds(ids.filter((id) => !change.byId(id)));
    const there = agreed.size === 0 ? agreed : await this.#deps.tries.lookup(base, [...agreed.keys()]);
    const changes = new Map([...agreed].filter(([key, nid]) => there.get(key) !== nid));
    for (const [key, id] of resolved) {
      const event = id === undefined ? undefined : (change.byId(id) ?? stored.get(id));
      changes.set(change.keyNumber(fromStateKey(key)), event?.nid ?? 0);
    }
    return this.#deps.tries.changeShared(change.room.nid, base, changes);
  }

  async #load(nids: readonly EventNid[], change: Change): Promise<Map<EventNid, StoredEvent>> {
    const wanted = [...new Set(nids)].filter((nid) => nid !== 0);
    const found = await this.#deps.events.load(wanted.filter((nid) => !change.event(nid)));
    for (const nid of wanted) {
      const placed = change.event(nid);
      if (placed) found.set(nid, placed);
    }
    return found;
  }
}

/** Places in the graph of authority. */
const ordinals = (events: readonly (StoredEvent | undefined)[]): Ordinal[] =>
  events.flatMap((stored) => {
    if (stored === undefined) return [];
    if (stored.authNumber === undefined) throw numberless(stored.nid);
    return [stored.authNumber];
  });
