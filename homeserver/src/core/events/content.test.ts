import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { arbitraryJson } from '../../testing/arbitrary-json.ts';
import * as content from './content.ts';

const READERS = {
  joinRuleOf: content.joinRuleOf,
  allowedRoomsOf: content.allowedRoomsOf,
  historyVisibilityOf: content.historyVisibilityOf,
  guestsMayJoin: content.guestsMayJoin,
  isFederated: content.isFederated,
  roomVersionIdOf: content.roomVersionIdOf,
  roomTypeOf: content.roomTypeOf,
  predecessorOf: content.predecessorOf,
  replacementOf: content.replacementOf,
  additionalCreatorsOf: content.additionalCreatorsOf,
  roomNameOf: content.roomNameOf,
  canonicalAliasOf: content.canonicalAliasOf,
  alternativeAliasesOf: content.alternativeAliasesOf,
};

/** What the room is when the event is missing, and when everything in it has the wrong type. */
const DEFAULTS: Record<keyof typeof READERS, unknown> = {
  joinRuleOf: 'invite',
  allowedRoomsOf: [],
  historyVisibilityOf: 'shared',
  guestsMayJoin: false,
  isFederated: true,
  roomVersionIdOf: '1',
  roomTypeOf: undefined,
  predecessorOf: undefined,
  replacementOf: undefined,
  additionalCreatorsOf: [],
  roomNameOf: undefined,
  canonicalAliasOf: undefined,
  alternativeAliasesOf: [],
};

const NAMES = [
  'join_rule', 'allow', 'history_visibility', 'guest_access', 'm.federate', 'room_version', 'type', 'predecessor',
  'replacement_room', 'additional_creators', 'name', 'alias', 'alt_aliases', 'membership', 'displayname', 'avatar_url',
  'third_party_invite', 'm.relates_to',
]; // prettier-ignore

describe('content readers', () => {
  for (const [name, read] of Object.entries(READERS)) {
    it(`${name} has a default for what is missing or malformed`, () => {
      const wrong = Object.fromEntries(NAMES.map((member) => [member, 5]));
      for (const given of [undefined, {}, wrong])
        expect(read(given)).to.deep.equal(DEFAULTS[name as keyof typeof READERS]);
    });
  }

  const cases: [title: string, actual: unknown, expected: unknown][] = [
    ['a join rule', content.joinRuleOf({ join_rule: 'public' }), 'public'],
    [
      'the rooms that admit, and no other kind of condition',
      content.allowedRoomsOf({
        allow: [
          { type: 'm.room_membership', room_id: '!a' },
          { type: 'x', room_id: '!b' },
          { type: 'm.room_membership' },
          5,
        ],
      }),
      ['!a'],
    ],
    ['a visibility', content.historyVisibilityOf({ history_visibility: 'joined' }), 'joined'],
    ['an unknown visibility', content.historyVisibilityOf({ history_visibility: 'x' }), 'shared'],
    ['an unfederated room', content.isFederated({ 'm.federate': false }), false],
    [
      'a predecessor without an event',
      content.predecessorOf({ predecessor: { room_id: '!a' } }),
      { roomId: '!a', eventId: undefined },
    ],
    ['valid creators only', content.additionalCreatorsOf({ additional_creators: ['@a:b', 'x', 5] }), ['@a:b']],
    ['a membership', content.membershipOf({ type: 'm.room.member', content: { membership: 'ban' } }), 'ban'],
    ['no membership of other types', content.membershipOf({ type: 'x', content: { membership: 'ban' } }), undefined],
    ['no unknown membership', content.membershipOf({ type: 'm.room.member', content: { membership: 'x' } }), undefined],
    ['a proof', content.thirdPartySignedOf({ third_party_invite: { signed: { token: 't' } } }), { token: 't' }],
    [
      'a relation',
      content.relationOf({ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$x', key: '👍' } }),
      { type: 'm.annotation', target: '$x', key: '👍' },
    ],
    ['no relation without a target', content.relationOf({ 'm.relates_to': { rel_type: 'm.annotation' } }), undefined],
  ];
  for (const [title, actual, expected] of cases) it(`reads ${title}`, () => expect(actual).to.deep.equal(expected));

  it('never throw', () => {
    const readers: ((member: JsonObject) => unknown)[] = [
      ...Object.values(READERS),
      content.profileOf,
      content.thirdPartySignedOf,
      content.relationOf,
      (member) => content.membershipOf({ type: 'm.room.member', content: member }),
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...NAMES), arbitraryJson), (member) => {
        expect(() => readers.map((read) => read(member))).not.to.throw();
      }),
    );
  });
});
