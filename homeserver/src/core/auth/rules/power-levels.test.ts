import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';
const carol = '@carol:c.test';
const dave = '@dave:d.test';

/** Bob, who has 50 and may change the levels, replaces one set of levels by another. */
const change = (version: string, before: JsonObject | undefined, after: JsonObject) => {
  const room = testRoom(version);
  room.member(alice, 'join');
  room.member(bob, 'join', alice);
  const levels = { type: 'm.room.power_levels', stateKey: '' };
  if (before !== undefined) {
    room.put({ ...levels, sender: alice, content: { ...before, users: { [bob]: 50, ...usersOf(before) } } });
  }
  const sender = before === undefined ? alice : bob;
  const content = before === undefined ? after : { ...after, users: { [bob]: 50, ...usersOf(after) } };
  return authorise(room.event({ ...levels, sender, content }), room.state);
};

const usersOf = (content: JsonObject) => content['users'] as JsonObject | undefined;

describe('the rules for changing power levels', () => {
  const everywhere: [what: string, before: JsonObject, after: JsonObject, reason?: string][] = [
    ['nothing changed', { ban: 100 }, { ban: 100 }],
    ['a level raised to one’s own', { kick: 10 }, { kick: 50 }],
    ['a level raised above', { kick: 10 }, { kick: 51 }, "the new level of kick is above the sender's own"],
    ['a higher level lowered', { kick: 51 }, { kick: 10 }, "the level of kick is above the sender's own"],
    ['a level added', {}, { redact: 50 }],
    ['too high a level added', {}, { redact: 51 }, "the new level of redact is above the sender's own"],
    ['a level removed', { invite: 50 }, {}],
    ['a higher level removed', { invite: 51 }, {}, "the level of invite is above the sender's own"],
    ['users_default raised', {}, { users_default: 51 }, "the new level of users_default is above the sender's own"],
    ['state_default raised', {}, { state_default: 51 }, "the new level of state_default is above the sender's own"],
    ['events_default raised', {}, { events_default: 51 }, "the new level of events_default is above the sender's own"],
    ['an event level added', {}, { events: { a: 50 } }],
    ['too high an event level added', {}, { events: { a: 51 } }, "the new level of a is above the sender's own"],
    ['a higher event level removed', { events: { a: 51 } }, {}, "the level of a is above the sender's own"],
    ['an equal event level changed', { events: { a: 50 } }, { events: { a: 0 } }],
    ['all event levels removed', { events: { a: 50 } }, {}],
    [
      '__proto__ too high',
      {},
      JSON.parse('{"events":{"__proto__":51}}') as JsonObject,
      "the new level of __proto__ is above the sender's own",
    ],
    ['a user added', {}, { users: { [carol]: 50 } }],
    ['a user added above', {}, { users: { [carol]: 51 } }, `the new level of ${carol} is above the sender's own`],
    ['a lesser user removed', { users: { [carol]: 49 } }, {}],
    ['an equal removed', { users: { [carol]: 50 } }, {}, `${carol} has as much power as the sender`],
    [
      'an equal lowered',
      { users: { [carol]: 50 } },
      { users: { [carol]: 0 } },
      `${carol} has as much power as the sender`,
    ],
    ['an equal left alone', { users: { [carol]: 50 } }, { users: { [carol]: 50 }, ban: 1 }],
    ['a higher user removed', { users: { [carol]: 51 } }, {}, `the level of ${carol} is above the sender's own`],
    ['oneself lowered', {}, { users: { [bob]: 0 } }],
    ['oneself raised', {}, { users: { [bob]: 51 } }, `the new level of ${bob} is above the sender's own`],
    ['one user among others', { users: { [carol]: 10, [dave]: 100 } }, { users: { [carol]: 20, [dave]: 100 } }],
  ];
  for (const [what, before, after, reason] of everywhere) {
    it(`${reason === undefined ? 'allow' : 'refuse'}: ${what}`, () => {
      const expected = reason === undefined ? { allowed: true } : { allowed: false, reason };
      for (const { id } of roomVersions) expect(change(id, before, after), `version ${id}`).to.eql(expected);
    });
  }

  it('protect notification levels from version 6 on', () => {
    for (const { id } of roomVersions) {
      const protects = Number(id) >= 6;
      expect(change(id, {}, { notifications: { room: 51 } }).allowed, id).to.equal(!protects);
      expect(change(id, { notifications: { room: 51 } }, {}).allowed, id).to.equal(!protects);
      expect(change(id, {}, { notifications: { room: 50 } }).allowed, id).to.equal(true);
    }
  });

  const shapes: [content: JsonObject, versions: (version: number) => boolean][] = [
    [{}, () => true],
    [{ users: { [carol]: 10 } }, () => true],
    [{ users: { [carol]: '10' } }, (version) => version < 10],
    [{ users: { [carol]: ' +0010 ' } }, (version) => version < 10],
    [{ users: { [carol]: '-5' } }, (version) => version < 10],
    [{ users: { [carol]: 10.7 } }, (version) => version < 6],
    [{ users: { [carol]: '10.7' } }, () => false],
    [{ users: { [carol]: '1e2' } }, () => false],
    [{ users: { [carol]: '' } }, () => false],
    [{ users: { [carol]: '9'.repeat(400) } }, () => false],
    [{ users: { [carol]: true } }, () => false],
    [{ users: { [carol]: null } }, () => false],
    [{ users: { [carol]: [10] } }, () => false],
    [{ users: { carol: 10 } }, () => false],
    [{ users: { '@carol': 10 } }, () => false],
    [{ users: [] }, () => false],
    [{ users: null }, () => false],
    [{ users: 'junk' }, () => false],
    [{ ban: '50' }, (version) => version < 10],
    [{ ban: 'junk' }, (version) => version < 10],
    [{ ban: null }, (version) => version < 10],
    [{ events: { a: '50' } }, (version) => version < 10],
    [{ events: [] }, (version) => version < 10],
    [{ notifications: { room: '50' } }, (version) => version < 10],
    [{ notifications: 7 }, (version) => version < 10],
    [{ users: { [alice]: 100 } }, (version) => version < 12],
    [{ users: { [dave]: 100 } }, (version) => version < 12],
  ];
  for (const [content, allows] of shapes) {
    it(`take ${JSON.stringify(content).slice(0, 60)} as first levels where the version does`, () => {
      for (const { id } of roomVersions) {
        const room = testRoom(id, { content: { additional_creators: [dave] } });
        room.member(alice, 'join');
        const event = room.event({ type: 'm.room.power_levels', stateKey: '', sender: alice, content });
        expect(authorise(event, room.state).allowed, `version ${id}`).to.equal(allows(Number(id)));
      }
    });
  }

  it('say which level is not one', () => {
    const reasons: [JsonObject, string][] = [
      [{ ban: '50' }, 'ban is not an integer'],
      [{ events: { a: '50' } }, 'events does not map to integers'],
      [{ notifications: [] }, 'notifications does not map to integers'],
      [{ users: { [carol]: '50' } }, 'users does not map to integers'],
      [{ users: { carol: 50 } }, 'users has a key that is not a user id'],
      [{ users: { [alice]: 50 } }, 'users lists a creator of the room'],
    ];
    for (const [content, reason] of reasons) {
      expect(change('12', undefined, content)).to.eql({ allowed: false, reason });
    }
  });

  it('compare levels by value where they may be strings', () => {
    expect(change('9', { ban: 100 }, { ban: '100' })).to.eql({ allowed: true });
    expect(change('9', { ban: '100' }, { ban: 40 })).to.eql({
      allowed: false,
      reason: "the level of ban is above the sender's own",
    });
  });

  it('let junk be as long as nobody touches it', () => {
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

  it('let a privileged creator do anything', () => {
    const room = testRoom('12');
    room.member(alice, 'join');
    const levels = { type: 'm.room.power_levels', stateKey: '', sender: alice };
    room.put({ ...levels, content: { ban: 1000, users: { [bob]: 1000 } } });
    const event = room.event({ ...levels, content: { ban: 2 ** 53 - 1, users: { [bob]: 0 } } });
    expect(authorise(event, room.state)).to.eql({ allowed: true });
  });
});
