import { expect } from 'chai';
import { type ChangedFields, changesSince, withChanges } from './changed-fields.ts';

describe('changed fields of a profile', () => {
  it('are told with what they are now, or as gone', () => {
    let changed: ChangedFields = {};
    changed = withChanges(changed, ['displayname'], { now: { displayname: 'A' }, position: 1 });
    changed = withChanges(changed, ['m.tz'], { now: { displayname: 'A', 'm.tz': 'UTC' }, position: 2 });
    changed = withChanges(changed, ['displayname'], { now: { 'm.tz': 'UTC' }, position: 3 });
    const now = { 'm.tz': 'UTC' };
    expect(changesSince(now, changed, 0)).to.eql({ updated: { 'm.tz': 'UTC' }, removed: ['displayname'] });
    expect(changesSince(now, changed, 2)).to.eql({ updated: {}, removed: ['displayname'] });
    expect(changesSince(now, changed, 3)).to.eql({ updated: {}, removed: [] });
  });

  it('are remembered one by one as long as they are there, and the newest of those that are gone', () => {
    let changed: ChangedFields = {};
    for (let n = 1; n <= 150; n++) {
      changed = withChanges(changed, [`org.example.f${n}`], { now: { 'org.example.f1': 1 }, position: n });
    }
    const { updated, removed } = changesSince({ 'org.example.f1': 1 }, changed, 0);
    expect(Object.keys(updated)).to.eql(['org.example.f1']);
    expect(removed).to.have.length(100).and.to.include('org.example.f150').and.not.to.include('org.example.f50');
  });
});
