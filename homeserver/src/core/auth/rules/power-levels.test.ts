import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { authorise } from '../authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

/** Bob, who has 50 and may change the levels, replaces one set of levels by another. */
const change = (version: string, before: JsonObject, after: JsonObject) => {
  const room = testRoom(version);
  room.member(alice, 'join');
  room.member(bob, 'join', alice);
  const levels = { type: 'm.room.power_levels', stateKey: '' };
  room.put({ ...levels, sender: alice, content: { ...before, users: { [bob]: 50 } } });
  return authorise(room.event({ ...levels, sender: bob, content: { ...after, users: { [bob]: 50 } } }), room.state);
};

// The rules themselves: auth-rules.test.ts.
describe('power levels that are junk', () => {
  it('are compared by value where they may be strings', () => {
    expect(change('9', { ban: '100' }, { ban: 40 })).to.eql({
      allowed: false,
      reason: "the level of ban is above the sender's own",
    });
  });

  it('may stay or go, but not come', () => {
    expect(change('9', { ban: {} }, { ban: {}, kick: 10 })).to.eql({ allowed: true });
    expect(change('9', { events: 'junk' }, { events: 'junk', kick: 10 })).to.eql({ allowed: true });
    expect(change('9', { ban: {} }, { kick: 10 })).to.eql({ allowed: true });
    expect(change('9', { ban: 10 }, { ban: {} })).to.eql({
      allowed: false,
      reason: 'the content holds a changed level that is not an integer',
    });
    expect(change('9', { events: {} }, { events: 'junk' })).to.eql({
      allowed: false,
      reason: 'events holds a changed level that is not an integer',
    });
  });
});
