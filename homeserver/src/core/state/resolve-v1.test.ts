import { createHash } from 'node:crypto';
import { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { EventFields } from '../../testing/events.ts';
import { testRoom } from '../../testing/events.ts';
import type { Event } from '../events/event.ts';
import { stateKey } from './state-key.ts';
import { resolveStates } from './testing/state-sets.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

/** A room with two members, alice in power, and the states of it to which something was added. */
const room = () => {
  const { version, event, put, member, create } = testRoom('1', { creator: alice });
  const base = [
    create,
    member(alice, 'join'),
    put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: { users: { [alice]: 100, [bob]: 50 } } }),
    put({ type: 'm.room.join_rules', sender: alice, stateKey: '', content: { join_rule: 'public' } }),
    member(bob, 'join'),
  ];
  const state = (...added: Event[]) =>
    new Map([...base, ...added].map((one) => [stateKey(one.type, one.stateKey!), one.eventId]));
  const resolve = (...forks: Event[][]) => {
    const events = new Map([...base, ...forks.flat()].map((one) => [one.eventId, one]));
    const sets = forks.map((fork) => state(...fork));
    const resolved = resolveStates(version, sets, events);
    expect(new Map(resolveStates(version, sets.toReversed(), events))).to.eql(new Map(resolved));
    return (type: string, key = '') => resolved.get(stateKey(type, key));
  };
  return { event, resolve };
};

const id = (name: string) => EventId.parse(`$${name}:a.test`);
const topic = (sender: string, name: string, depth: number): EventFields => ({
  type: 'm.room.topic',
  stateKey: '',
  sender,
  eventId: id(name),
  depth,
});
const levels = (sender: string, name: string, depth: number, users: Record<string, number>): EventFields => ({
  type: 'm.room.power_levels',
  stateKey: '',
  sender,
  eventId: id(name),
  depth,
  content: { users },
});
const membership = (
  sender: string,
  user: string,
  name: string,
  fields: { depth: number; as: string },
): EventFields => ({
  type: 'm.room.member',
  stateKey: user,
  sender,
  eventId: id(name),
  depth: fields.depth,
  content: { membership: fields.as },
});

const sha1 = (name: string) => createHash('sha1').update(id(name)).digest('hex');
/** Two names, the one with the lower hash first. */
const [low, high] = ['x', 'y'].sort((a, b) => (sha1(a) < sha1(b) ? -1 : 1)) as [string, string];

describe('state resolution of version 1', () => {
  it('picks the deepest of other events', () => {
    const { event, resolve } = room();
    const resolved = resolve([event(topic(alice, 'shallow', 10))], [event(topic(alice, 'deep', 11))]);
    expect(resolved('m.room.topic')).to.equal(id('deep'));
  });

  it('picks the lowest hash among the deepest', () => {
    const { event, resolve } = room();
    const resolved = resolve([event(topic(alice, low, 10))], [event(topic(alice, high, 10))]);
    expect(resolved('m.room.topic')).to.equal(id(low));
  });

  it('passes over those that are not allowed', () => {
    const { event, resolve } = room();
    const resolved = resolve([event(topic(alice, 'mine', 10))], [event(topic('@eve:e.test', 'theirs', 11))]);
    expect(resolved('m.room.topic')).to.equal(id('mine'));
  });

  it('takes the least deep where none is allowed', () => {
    const { event, resolve } = room();
    const eve = '@eve:e.test';
    const resolved = resolve([event(topic(eve, 'first', 10))], [event(topic(eve, 'second', 11))]);
    expect(resolved('m.room.topic')).to.equal(id('first'));
  });

  it('judges others by the power levels and memberships that have won', () => {
    const { event, resolve } = room();
    const ban = event(membership(alice, bob, 'ban', { depth: 12, as: 'ban' }));
    const profile = event(membership(bob, bob, 'profile', { depth: 10, as: 'join' }));
    const resolved = resolve([ban, event(topic(alice, 'old', 9))], [profile, event(topic(bob, 'new', 11))]);
    expect(resolved('m.room.member', bob)).to.equal(id('ban'));
    expect(resolved('m.room.topic')).to.equal(id('old'));
  });

  it('follows power levels upwards until one is not allowed', () => {
    const { event, resolve } = room();
    const first = event(levels(alice, 'first', 10, { [alice]: 100 }));
    const refused = event(levels(bob, 'refused', 11, { [alice]: 100, [bob]: 50 }));
    const unseen = event(levels(alice, 'unseen', 12, { [alice]: 100, [bob]: 1 }));
    expect(resolve([first], [refused], [unseen])('m.room.power_levels')).to.equal(id('first'));
    expect(resolve([first], [unseen])('m.room.power_levels')).to.equal(id('unseen'));
  });

  it('begins with the highest hash among the least deep', () => {
    const { event, resolve } = room();
    const users = { [alice]: 100, [bob]: 50 };
    const forks = [low, high].map((name) => [event(levels(alice, name, 10, users))]);
    expect(resolve(...forks)('m.room.power_levels')).to.equal(id(low));
  });

  it('sees no conflict where a key is only missing', () => {
    const { event, resolve } = room();
    const resolved = resolve(
      [event(topic('@eve:e.test', 'lonely', 10))],
      [event(membership(bob, bob, 'again', { depth: 10, as: 'join' }))],
    );
    expect(resolved('m.room.topic')).to.equal(id('lonely'));
  });
});
