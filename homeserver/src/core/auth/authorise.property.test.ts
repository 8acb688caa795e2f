import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { testRoom } from '../../testing/events.ts';
import { roomVersions } from '../rooms/room-version.ts';
import { checkAuthEvents } from './auth-events.ts';
import { authorise } from './authorise.ts';
import { powerLevelOf } from './power-levels.ts';

const alice = '@alice:a.test';
const users = fc.constantFrom(alice, '@bob:b.test', '@carol:c.test');
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const level: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: -10, max: 110 }),
  fc.double(),
  fc.constantFrom('50', ' 7 ', 'junk', null, true, 2 ** 60),
  json,
);
const levelMap = fc.dictionary(fc.oneof(users, fc.constantFrom('m.room.message', '__proto__', 'constructor')), level);

const member: fc.Arbitrary<Json> = fc.record(
  {
    membership: fc.oneof(fc.constantFrom('join', 'invite', 'leave', 'ban', 'knock'), json),
    join_authorised_via_users_server: fc.oneof(users, json),
    third_party_invite: fc.oneof(
      json,
      fc.record({ signed: fc.record({ mxid: users, token: fc.constant('t'), signatures: json }) }),
    ),
  },
  { requiredKeys: [] },
);
const powerLevels: fc.Arbitrary<Json> = fc.record(
  {
    users: fc.oneof(levelMap, json),
    events: fc.oneof(levelMap, json),
    notifications: fc.oneof(levelMap, json),
    users_default: level,
    state_default: level,
    ban: level,
    invite: level,
  },
  { requiredKeys: [] },
);
const create: fc.Arbitrary<Json> = fc.record(
  { creator: fc.oneof(users, json), additional_creators: json, room_version: json, 'm.federate': json },
  { requiredKeys: [] },
);
const joinRules: fc.Arbitrary<Json> = fc.record(
  { join_rule: fc.oneof(fc.constantFrom('public', 'invite', 'knock', 'restricted', 'knock_restricted'), json) },
  { requiredKeys: [] },
);
const token: fc.Arbitrary<Json> = fc.record({ public_key: json, public_keys: json }, { requiredKeys: [] });

const stateEvent = (type: string, stateKey: fc.Arbitrary<string>, content: fc.Arbitrary<Json>) =>
  fc.record({ type: fc.constant(type), sender: users, stateKey, content: content as fc.Arbitrary<JsonObject> });

const events = fc.oneof(
  stateEvent('m.room.member', users, member),
  stateEvent('m.room.power_levels', fc.constant(''), powerLevels),
  stateEvent('m.room.create', fc.constant(''), create),
  stateEvent('m.room.join_rules', fc.constant(''), joinRules),
  stateEvent('m.room.third_party_invite', fc.constant('t'), token),
  stateEvent('m.room.aliases', fc.string(), create),
  fc.record({ type: fc.constantFrom('m.room.redaction', 'm.room.message', '__proto__'), sender: users }),
);

describe('the authorisation rules on junk', () => {
  it('never throw, and always give a reason', () => {
    fc.assert(
      fc.property(fc.constantFrom(...roomVersions), create, fc.array(events, { maxLength: 8 }), events, (...input) => {
        const [version, content, before, fields] = input;
        const room = testRoom(version.id, { content: content as JsonObject });
        for (const event of before) room.put(event);
        const event = room.event(fields);
        const authEvents = event.authEvents.flatMap((id) => before.map((_, index) => ({ id, index })));
        const entries = authEvents.map(() => ({ event: room.create, rejected: false }));
        for (const verdict of [authorise(event, room.state), checkAuthEvents(event, entries)]) {
          expect(verdict.allowed || verdict.reason.length > 0).to.equal(true);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('never give a power level that is not a number', () => {
    fc.assert(
      fc.property(fc.constantFrom(...roomVersions), powerLevels, users, (version, content, user) => {
        const room = testRoom(version.id);
        room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: content as JsonObject });
        const power = powerLevelOf(user, room.state);
        expect(Number.isFinite(power) || (version.auth.privilegedCreators && user === alice)).to.equal(true);
      }),
    );
  });

  it('never let a change raise its sender, or lower an equal', () => {
    const bob = '@bob:b.test';
    const level = fc.integer({ min: 0, max: 60 });
    // No users_default: whoever may remove their own entry may so come to have that, be it more.
    const levels = fc.record({ users: fc.dictionary(fc.constantFrom(bob, '@carol:c.test'), level) });
    let allowed = 0;
    fc.assert(
      fc.property(fc.constantFrom(...roomVersions), levels, levels, (version, old, young) => {
        const room = testRoom(version.id);
        room.member(bob, 'join', alice);
        const event = { type: 'm.room.power_levels', stateKey: '' };
        room.put({ ...event, sender: alice, content: { ...old, events: { 'm.room.power_levels': 0 } } });
        const power = powerLevelOf(bob, room.state);
        const change = room.event({
          ...event,
          sender: bob,
          content: { ...young, events: { 'm.room.power_levels': 0 } },
        });
        if (!authorise(change, room.state).allowed) return;
        allowed += 1;
        room.put({ ...event, sender: bob, content: young });
        expect(powerLevelOf(bob, room.state)).to.be.at.most(power);
        const listed: Record<string, number> = { ...old.users };
        const carol = listed['@carol:c.test'];
        if (carol !== undefined && carol >= power) expect(powerLevelOf('@carol:c.test', room.state)).to.equal(carol);
      }),
      { numRuns: 1000 },
    );
    expect(allowed).to.be.greaterThan(0);
  });
});
