import { MAX_STATUS_MESSAGE } from '@holm/spec/client-server/presence';
import { ServerName, UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson } from '../../core/json/canonical.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import { fromEdu, MAX_PUSHED, toEdu } from './presence-edu.ts';
import { type Status } from './status.ts';

const origin = ServerName.parse('b.test');
const bob = UserId.parse('@bob:b.test');
const now = 1_700_000_000_000 as UnixMillis;
const read = (...push: Json[]) => fromEdu({ push }, origin, now);
const only = (entry: Record<string, Json>): Status | undefined => read({ user_id: bob, ...entry }).get(bob);

describe('presence that other servers tell', () => {
  it('is of their own users, in the states that there are', () => {
    const entries = [
      { user_id: '@alice:a.test', presence: 'online' },
      { user_id: 'bob', presence: 'online' },
      { user_id: bob, presence: 'asleep' },
      { user_id: bob },
      null,
      [],
      'online',
    ];
    expect(read(...entries).size).to.equal(0);
    for (const content of [{}, { push: {} }, { push: 'all' }]) expect(fromEdu(content, origin, now).size).to.equal(0);
  });

  it('is the closest state that there is, where there are others elsewhere', () => {
    for (const presence of ['busy', 'org.matrix.msc3026.busy']) {
      expect(only({ presence, currently_active: true, status_msg: 'on a call' })).to.include({
        state: 'unavailable',
        isActive: false,
        message: 'on a call',
      });
    }
  });

  it('has times and messages that make sense', () => {
    expect(only({ presence: 'online', last_active_ago: 5_000, currently_active: true, status_msg: 'hi' })).to.eql({
      state: 'online',
      lastActiveAt: now - 5_000,
      isActive: true,
      message: 'hi',
    });
    expect(only({ presence: 'offline', currently_active: true })?.isActive).to.equal(false);
    expect(only({ presence: 'online', last_active_ago: -5 })?.lastActiveAt).to.equal(now);
    expect(only({ presence: 'online', last_active_ago: 1e300 })?.lastActiveAt).to.be.within(0, now);
    expect(only({ presence: 'online', last_active_ago: 'long' })?.lastActiveAt).to.equal(undefined);
    expect(only({ presence: 'online', status_msg: null })?.message).to.equal(undefined);
    expect(only({ presence: 'online', status_msg: 'x'.repeat(1e5) })?.message).to.have.length(1_024);
  });

  it('is of no more users at a time than one may tell of, the last word about each', () => {
    const many = Array.from({ length: MAX_PUSHED + 1 }, (_, i) => ({ user_id: `@u${i}:b.test`, presence: 'online' }));
    expect(read(...many).size).to.equal(MAX_PUSHED);
    const twice = read({ user_id: bob, presence: 'online' }, { user_id: bob, presence: 'offline' });
    expect(twice.get(bob)?.state).to.equal('offline');
  });

  it('can be sent whatever is in it, and has no half of a character', () => {
    const half: Status = { state: 'online', lastActiveAt: now, isActive: true, message: 'x\ud800' };
    expect(canonicalJson(toEdu(new Map([[bob, half]]), now), 'lenient')).to.include('"status_msg":"x\ufffd"');
    const cut = `${'x'.repeat(MAX_STATUS_MESSAGE - 1)}\u{1F600}`;
    expect(only({ presence: 'online', status_msg: cut })?.message).to.match(/x\ufffd$/);
  });

  it('is read as it was written', () => {
    const status = fc.record({
      state: fc.constantFrom('online' as const, 'unavailable' as const, 'offline' as const),
      lastActiveAt: fc.integer({ min: 1, max: 1e9 }).map((ago) => (now - ago) as UnixMillis),
      isActive: fc.boolean(),
      message: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(status, (one) => {
        const told = { ...one, isActive: one.isActive && one.state === 'online' };
        const { content } = toEdu(new Map([[bob, told]]), now);
        expect(fromEdu(JSON.parse(JSON.stringify(content)), origin, now).get(bob)).to.eql(told);
      }),
    );
  });
});
