import { readdirSync, readFileSync } from 'node:fs';
import type { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import { AuthGraph } from '../../core/state/auth-graph.ts';
import { fromStateKey, stateKey, type StateKeyString } from '../../core/state/state-key.ts';
import { ORACLE_V2, ORACLE_V2_1, resolveByTheBook } from '../../core/state/testing/resolve-oracle.ts';
import type { Evidence } from '../../core/state/testing/mismatch.ts';
import type { RoomState } from '../../core/state/testing/state-sets.ts';
import { fromVector, type Vector } from '../../core/state/testing/vector.ts';
import type { EventNid, KeyNumber, SnapshotId, StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import { Resolution, type ResolutionDeps } from './resolution.ts';

const folder = new URL('../../../../spec/vectors/state-resolution/random/', import.meta.url);

/** A room as the database has it: events and keys by number, the places of events in the graph of authority. */
const stored = ({ events, sets, rejected }: Evidence) => {
  const graph = new AuthGraph();
  const byId = new Map<EventId, StoredEvent>();
  for (const event of events.values()) {
    const nid = 100 + byId.size * 3;
    const authNumber = graph.append(
      nid,
      event.authEvents.map((id) => byId.get(id)!.authNumber!),
    );
    const status = rejected.has(event.eventId) ? 'rejected' : 'accepted';
    byId.set(event.eventId, { nid, event, authNumber, status } as StoredEvent);
  }
  const byNid = new Map([...byId.values()].map((one) => [one.nid, one]));
  const keys: StateKeyString[] = [...new Set([...events.values()].map((one) => stateKey(one.type, one.stateKey!)))];
  const numbered = (state: RoomState) =>
    new Map([...state].map(([key, id]): [KeyNumber, EventNid] => [keys.indexOf(key), byId.get(id)!.nid]));
  return { graph, byId, byNid, keys, states: sets.map(numbered) };
};

/** Snapshot n is the n-th state. What comes out is the base with the changes. */
const resolveStored = async (evidence: Evidence): Promise<Map<string, string>> => {
  const { graph, byId, byNid, keys, states } = stored(evidence);
  const at = (snapshot: SnapshotId) => states[snapshot]!;
  const some = <K>(from: ReadonlyMap<K, StoredEvent>, wanted: Iterable<K>) =>
    Promise.resolve(new Map([...wanted].flatMap((one) => (from.has(one) ? [[one, from.get(one)!] as const] : []))));
  let resolved = new Map<KeyNumber, EventNid>();
  const deps: ResolutionDeps = {
    tries: {
      generation: 0,
      entries: (snapshot) => Promise.resolve([...at(snapshot)]),
      lookup: () => Promise.reject(new Error('all members are known')),
      diff: () => Promise.reject(new Error('there is no state that was known before')),
      diffMany: (snapshots) => {
        const rows = keys.map((_, key) => [key, snapshots.map((one) => at(one).get(key) ?? 0)] as const);
        return Promise.resolve(new Map(rows.filter(([, nids]) => new Set(nids).size > 1)));
      },
      changeShared: (_, base, changes) => {
        resolved = new Map([...at(base), ...changes]);
        return Promise.resolve({ snapshot: base, rows: [] });
      },
    },
    states: {
      view: (_, snapshot, wanted) => {
        const nids = wanted.map((key) => [stateKey(...key), at(snapshot).get(keys.indexOf(stateKey(...key)))] as const);
        return Promise.resolve(
          new Map(nids.flatMap(([key, nid]) => (nid === undefined ? [] : [[key, byNid.get(nid)!]]))),
        );
      },
    },
    events: { load: (nids) => some(byNid, nids), byIds: (ids) => some(byId, ids) },
    authGraphs: { with: () => Promise.resolve(graph) },
  };
  const version = [...evidence.events.values()][0]!.version;
  const change = {
    room: { nid: 1, version },
    authEntries: [],
    byId: () => undefined,
    event: () => undefined,
    keyNumber: ([type, key]: readonly [string, string]) => keys.indexOf(stateKey(type, key)),
  } as unknown as Change;
  await new Resolution(deps).resolve(
    states.map((_, index) => index),
    change,
  );
  const entries = [...resolved].filter(([, nid]) => nid !== 0);
  return new Map(entries.map(([key, nid]) => [fromStateKey(keys[key]!).join(' '), byNid.get(nid)!.event.eventId]));
};

const readable = (state: RoomState) => new Map([...state].map(([key, id]) => [fromStateKey(key).join(' '), id]));

// Version 1 asks for nothing but events, and resolve-cases.test.ts has it.
describe('the resolution of stored states', () => {
  for (const file of readdirSync(folder).filter((name) => !name.startsWith('v1-'))) {
    it(`does as servers do: ${file.replace('.json', '')}`, async () => {
      const evidence = fromVector(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector);
      const { sets, events, rejected } = evidence;
      const { stateResolution } = [...events.values()][0]!.version;
      const rules = stateResolution === 'v2' ? ORACLE_V2 : ORACLE_V2_1;
      const isRejected = (id: EventId): boolean => rejected.has(id);
      const custom = { inclusive: true, within: true };
      const expected = resolveByTheBook({ rules, sets, events, isRejected, custom });
      expect(await resolveStored(evidence)).to.eql(readable(expected));
    });
  }
});
