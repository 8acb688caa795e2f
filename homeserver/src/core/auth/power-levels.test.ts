import type { Json, JsonObject } from '@holm/spec/json';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { testRoom } from '../../testing/events.ts';
import { mayInvite, namedLevel, notificationLevel, powerLevelOf, readLevel, requiredLevel } from './power-levels.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';
const carol = '@carol:c.test';

const stateWith = (version: string, levels?: JsonObject) => {
  const room = testRoom(version, { content: { additional_creators: [bob] } });
  if (levels) room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: levels });
  return room.state;
};

describe('readLevel', () => {
  const cases: [value: Json, lenient: number | undefined, strings: number | undefined, integers: number | undefined][] =
    [
      [50, 50, 50, 50],
      [-50, -50, -50, -50],
      [-0, 0, 0, 0],
      [50.9, 50, undefined, undefined],
      [-50.9, -50, undefined, undefined],
      [2 ** 53, 2 ** 53, undefined, undefined],
      ['50', 50, 50, undefined],
      ['\t-007 \n', -7, -7, undefined],
      ['+ 7', undefined, undefined, undefined],
      ['0x10', undefined, undefined, undefined],
      ['Infinity', undefined, undefined, undefined],
      [Number.POSITIVE_INFINITY, undefined, undefined, undefined],
      [Number.NaN, undefined, undefined, undefined],
      [true, undefined, undefined, undefined],
      [null, undefined, undefined, undefined],
      [{}, undefined, undefined, undefined],
    ];
  for (const [value, lenient, strings, integers] of cases) {
    it(`reads ${inspect(value)}`, () => {
      expect(readLevel(value, 'lenient')).to.equal(lenient);
      expect(readLevel(value, 'integers or strings')).to.equal(strings);
      expect(readLevel(value, 'integers')).to.equal(integers);
    });
  }
});

describe('powerLevelOf', () => {
  it('gives the creator 100 where nothing is written, and others nothing', () => {
    for (const version of ['1', '10', '11']) {
      expect([alice, bob].map((user) => powerLevelOf(user, stateWith(version)))).to.eql([100, 0]);
    }
  });

  it('takes the creator from the content up to version 10', () => {
    const created = (version: string) => testRoom(version, { content: { creator: carol } }).state;
    expect([alice, carol].map((user) => powerLevelOf(user, created('10')))).to.eql([0, 100]);
    expect([alice, carol].map((user) => powerLevelOf(user, created('11')))).to.eql([100, 0]);
  });

  it('gives privileged creators more than any number, whatever is written', () => {
    for (const levels of [undefined, { users: { [alice]: 0, [carol]: 2 ** 53 - 1 } }]) {
      const state = stateWith('12', levels);
      expect([alice, bob].map((user) => powerLevelOf(user, state))).to.eql([Infinity, Infinity]);
      expect(powerLevelOf(carol, state)).to.equal(levels ? 2 ** 53 - 1 : 0);
    }
  });

  it('takes what is written: the user’s own level, or the default', () => {
    const state = stateWith('11', { users: { [bob]: -1 }, users_default: 7 });
    expect([alice, bob, carol, 'constructor'].map((user) => powerLevelOf(user, state))).to.eql([7, -1, 7, 7]);
  });

  it('is 0 where the default is not written either', () => {
    expect(powerLevelOf(alice, stateWith('11', {}))).to.equal(0);
  });

  it('reads strings where the version does', () => {
    expect(powerLevelOf(bob, stateWith('9', { users: { [bob]: '60' } }))).to.equal(60);
    expect(powerLevelOf(bob, stateWith('10', { users: { [bob]: '60' } }))).to.equal(0);
    expect(powerLevelOf(bob, stateWith('5', { users: { [bob]: 60.9 } }))).to.equal(60);
  });

  it('is 0 for everybody where there is no state at all', () => {
    expect(powerLevelOf(alice, () => undefined)).to.equal(0);
  });
});

describe('the levels that actions need', () => {
  it('have their defaults, with and without an event', () => {
    for (const state of [stateWith('11'), stateWith('11', {}), stateWith('9', { ban: 'junk', events: 'junk' })]) {
      expect(['ban', 'kick', 'redact', 'invite'].map((name) => namedLevel(state, name as 'ban'))).to.eql([
        50, 50, 50, 0,
      ]);
      expect(requiredLevel(state, 'm.room.name', true)).to.equal(50);
      expect(requiredLevel(state, 'm.room.message', false)).to.equal(0);
      expect(notificationLevel(state, 'room')).to.equal(50);
    }
  });

  it('are what is written', () => {
    const state = stateWith('11', {
      ban: 1,
      invite: 2,
      events: { 'm.room.name': 3 },
      events_default: 4,
      state_default: 5,
      notifications: { room: 6 },
    });
    expect([namedLevel(state, 'ban'), namedLevel(state, 'invite')]).to.eql([1, 2]);
    expect(requiredLevel(state, 'm.room.name', true)).to.equal(3);
    expect(requiredLevel(state, 'm.room.name', false)).to.equal(3);
    expect(requiredLevel(state, 'toString', false)).to.equal(4);
    expect(requiredLevel(state, 'm.room.topic', true)).to.equal(5);
    expect(notificationLevel(state, 'room')).to.equal(6);
    expect([mayInvite(alice, state), mayInvite(alice, stateWith('11'))]).to.eql([false, true]);
  });
});
