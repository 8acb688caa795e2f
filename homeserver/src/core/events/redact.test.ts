import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { arbitraryObject } from '../../testing/arbitrary-json.ts';
import { roomVersion, roomVersions } from '../rooms/room-version.ts';
import { redact } from './redact.ts';

const TYPES = [
  'm.room.member', 'm.room.create', 'm.room.join_rules', 'm.room.power_levels', 'm.room.history_visibility',
  'm.room.aliases', 'm.room.redaction', 'm.room.message', 'constructor', '__proto__',
]; // prettier-ignore

const MEMBERS = [
  'event_id', 'type', 'room_id', 'sender', 'state_key', 'content', 'hashes', 'signatures', 'depth', 'prev_events',
  'prev_state', 'auth_events', 'origin', 'origin_server_ts', 'membership', 'redacts', 'unsigned', 'age_ts',
]; // prettier-ignore

const left = (version: string, type: string, content: JsonObject): unknown =>
  redact({ type, content }, roomVersion(version)!).content;

/** An event with every member and content key that any version's algorithm names. */
const CONTENT: Record<string, JsonObject> = {
  'm.room.member': {
    membership: 'join',
    join_authorised_via_users_server: '@a:b',
    third_party_invite: { signed: { token: 't' }, display_name: 'x' },
    displayname: 'x',
  },
  'm.room.create': { creator: '@a:b', room_version: '1', 'm.federate': false },
  'm.room.join_rules': { join_rule: 'restricted', allow: [], other: 1 },
  'm.room.power_levels': {
    ban: 1, events: {}, events_default: 1, invite: 1, kick: 1, redact: 1, state_default: 1, users: {}, users_default: 1,
    notifications: {},
  }, // prettier-ignore
  'm.room.history_visibility': { history_visibility: 'shared', other: 1 },
  'm.room.aliases': { aliases: [], other: 1 },
  'm.room.redaction': { redacts: '$x', reason: 'x' },
  'm.room.message': { body: 'x' },
};

/** What each version keeps, as its page of the specification lists it; `=` for "as the column before". */
const KEPT: [type: string, ...byVersion: [from: number, keys: string][]][] = [
  ['m.room.member', [1, 'membership'], [9, 'membership join_authorised_via_users_server'], [11, 'membership join_authorised_via_users_server third_party_invite']],
  ['m.room.create', [1, 'creator'], [11, 'creator room_version m.federate']],
  ['m.room.join_rules', [1, 'join_rule'], [8, 'join_rule allow']],
  ['m.room.power_levels', [1, 'ban events events_default kick redact state_default users users_default'], [11, 'ban events events_default invite kick redact state_default users users_default']],
  ['m.room.history_visibility', [1, 'history_visibility']],
  ['m.room.aliases', [1, 'aliases'], [6, '']],
  ['m.room.redaction', [1, ''], [11, 'redacts']],
  ['m.room.message', [1, '']],
]; // prettier-ignore

describe('redact', () => {
  for (const [type, ...byVersion] of KEPT) {
    it(`keeps of ${type} what each version's page lists`, () => {
      for (const { id } of roomVersions) {
        const [, keys = ''] = byVersion.findLast(([from]) => from <= Number(id)) ?? [];
        const content = left(id, type, CONTENT[type] ?? {});
        expect(Object.keys(content as JsonObject).sort(), `version ${id}`).to.deep.equal(
          keys.split(' ').filter(Boolean).sort(),
        );
      }
    });
  }

  it('keeps at the top what each version lists', () => {
    const event = Object.fromEntries(MEMBERS.map((name) => [name, name === 'content' ? {} : name]));
    for (const version of roomVersions) {
      const dropped = MEMBERS.filter((name) => !(name in redact(event, version)));
      const old = ['redacts', 'unsigned', 'age_ts'];
      const since11 = ['prev_state', 'origin', 'membership', ...old];
      expect(dropped, version.id).to.deep.equal(Number(version.id) < 11 ? old : since11);
    }
  });

  it('keeps only the proof of an invite to an address', () => {
    const invite = { display_name: 'x', signed: { token: 't' } };
    expect(left('12', 'm.room.member', { third_party_invite: invite })).to.deep.equal({
      third_party_invite: { signed: { token: 't' } },
    });
    expect(left('12', 'm.room.member', { third_party_invite: 'x' })).to.deep.equal({});
    expect(left('12', 'm.room.member', { third_party_invite: {} })).to.deep.equal({ third_party_invite: {} });
  });

  it('is idempotent, whatever the event', () => {
    const event = fc.record({
      type: fc.constantFrom(...TYPES),
      content: fc.oneof(arbitraryObject, fc.constantFrom(...Object.values(CONTENT))),
      rest: fc.dictionary(fc.constantFrom(...MEMBERS), fc.anything({ maxDepth: 1 })),
    });
    fc.assert(
      fc.property(event, fc.constantFrom(...roomVersions), ({ type, content, rest }, version) => {
        const once = redact({ ...(rest as JsonObject), type, content }, version);
        expect(redact(once, version)).to.deep.equal(once);
      }),
    );
  });
});
