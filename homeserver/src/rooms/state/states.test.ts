import { expect } from 'chai';
import type { StateKey } from '../../core/auth/selection.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { Events } from '../events.ts';
import type { EventNid, KeyNumber, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import { States } from './states.ts';
import type { Tries } from './tries.ts';
import { wellKnownKey } from './well-known-keys.ts';

const NAME: StateKey = ['m.room.name', ''];
const TOPIC: StateKey = ['m.room.topic', ''];
const AVATAR: StateKey = ['m.room.avatar', ''];

describe('a view of the current state', () => {
  /** By state: what it has under which key. */
  const stored: Record<SnapshotId, Partial<Record<string, EventNid>>> = {
    1: { [stateKey(...NAME)]: 10, [stateKey(...TOPIC)]: 11 },
    2: { [stateKey(...NAME)]: 20 },
  };
  let looked: [SnapshotId, readonly KeyNumber[]][];
  let current: SnapshotId;
  const inMemory = new Map<SnapshotId, ReadonlyMap<KeyNumber, EventNid>>();
  let states: States;
  const room = {
    get head() {
      return { snapshot: current, nextKey: 0 };
    },
    keys: { load: () => Promise.resolve(), look: () => Promise.resolve(), number: wellKnownKey },
  } as unknown as Room;

  beforeEach(() => {
    [looked, current] = [[], 1];
    inMemory.clear();
    const lookup = (snapshot: SnapshotId, numbers: readonly KeyNumber[]) => {
      looked.push([snapshot, numbers]);
      const keys = [NAME, TOPIC, AVATAR].filter((key) => numbers.includes(wellKnownKey(key)!));
      const found = keys.flatMap((key) => {
        const nid = stored[snapshot]?.[stateKey(...key)];
        return nid === undefined ? [] : [[wellKnownKey(key)!, nid] as const];
      });
      return Promise.resolve(new Map(found));
    };
    const loaded = new Map<EventNid, StoredEvent>();
    const load = (nids: readonly EventNid[]) => {
      for (const nid of nids) loaded.set(nid, { nid } as StoredEvent);
      return Promise.resolve(new Map(loaded));
    };
    const cached = (nid: EventNid) => loaded.get(nid);
    const atHand = (snapshot: SnapshotId) => inMemory.get(snapshot);
    states = new States({ lookup, atHand } as unknown as Tries, { load, cached } as unknown as Events);
  });

  const view = async (snapshot: SnapshotId, keys: readonly StateKey[]) =>
    [...(await states.view(room, snapshot, keys))].map(([key, { nid }]) => [key, nid]);

  it('looks for what it has, and for what it has not, once', async () => {
    const all = [
      [stateKey(...TOPIC), 11],
      [stateKey(...NAME), 10],
    ];
    expect(await view(1, [AVATAR, TOPIC])).to.eql([[stateKey(...TOPIC), 11]]);
    expect(await view(1, [TOPIC, NAME, AVATAR])).to.eql(all);
    expect(await view(1, [TOPIC, NAME, AVATAR])).to.eql(all);
    expect(looked.map(([, numbers]) => numbers)).to.eql(
      [[AVATAR, TOPIC], [NAME]].map((keys) => keys.map((key) => wellKnownKey(key))),
    );
  });

  it('has what is not committed yet in place of what is', async () => {
    const before = await states.view(room, 1, [NAME]);
    const redacted = { nid: 10, redactedBy: 12 } as StoredEvent;
    const pending = { number: () => undefined, event: (nid: EventNid) => (nid === 10 ? redacted : undefined) };
    expect((await states.view(room, 1, [NAME], pending)).get(stateKey(...NAME))).to.equal(redacted);
    expect(await states.view(room, 1, [NAME])).to.eql(before);
  });

  it('is of the state that is asked for, be it current, older or newer', async () => {
    for (const now of [1, 2]) {
      current = now;
      expect(await view(1, [NAME])).to.eql([[stateKey(...NAME), 10]]);
      expect(await view(2, [NAME, TOPIC])).to.eql([[stateKey(...NAME), 20]]);
    }
  });

  it('of an older state is looked up only where something of it is not in memory', async () => {
    await view(1, [NAME, TOPIC]);
    current = 2;
    looked.length = 0;
    inMemory.set(1, new Map([[wellKnownKey(NAME)!, 10]]));
    expect(await view(1, [NAME, AVATAR])).to.eql([[stateKey(...NAME), 10]]);
    expect(looked).to.eql([]);
    // Of that event no more is known.
    inMemory.set(1, new Map([[wellKnownKey(AVATAR)!, 99]]));
    expect(await view(1, [AVATAR])).to.eql([]);
    expect(looked).to.have.length(1);
  });
});
