import { expect } from 'chai';
import type { StoredEvent } from '../model.ts';
import { AfterStates } from './after-states.ts';

const stored = { nid: 7, keyNumber: 3, snapshot: 10, status: 'accepted' } as StoredEvent;

describe('states after events', () => {
  it('are remembered until states may be deleted', async () => {
    let asked = 0;
    const tries = {
      generation: 0,
      changeShared: () => Promise.resolve({ snapshot: 100 + asked++, rows: [] }),
    };
    const after = new AfterStates(tries);
    expect((await after.of(1, stored)).snapshot).to.equal(100);
    after.remember(7, 100);
    expect((await after.of(1, stored)).snapshot).to.equal(100);
    expect(asked).to.equal(1);
    tries.generation++;
    expect((await after.of(1, stored)).snapshot).to.equal(101);
    after.remember(7, 101);
    expect((await after.of(1, stored)).snapshot).to.equal(101);
  });

  it('are those before where nothing changes', async () => {
    const after = new AfterStates({ generation: 0, changeShared: () => Promise.reject(new Error('asked')) });
    for (const event of [
      { ...stored, keyNumber: undefined },
      { ...stored, status: 'rejected' as const },
    ]) {
      expect((await after.of(1, event)).snapshot).to.equal(10);
    }
  });
});
