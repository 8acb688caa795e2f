import type { Json, JsonObject } from '@holm/spec/json';
import type { Verdict } from '../../../verdict.ts';
import { alice, bob, type CaseRoom, carol } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

interface Setting {
  readonly rule?: Json;
  /** What bob is before he joins. */
  readonly before?: string;
  readonly sender?: string;
  readonly content?: JsonObject;
}

/** Bob joins a room that alice is in. */
const joining =
  ({ rule, before, sender = bob, content = {} }: Setting) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    if (rule !== undefined) room.joinRule(rule);
    if (before !== undefined) room.member(bob, before);
    return room.judgeMember(sender, bob, { membership: 'join', ...content });
  };

const first =
  (user: string, more: { sender?: string; prevEvents?: readonly string[] } = {}) =>
  (room: CaseRoom): Verdict =>
    room.judge({ type: 'm.room.member', sender: user, stateKey: user, content: { membership: 'join' }, ...more });

/** Carol vouches for bob, where the rule asks for that. */
const authorised =
  (via: Json, { rule = 'restricted', carolIs = 'join', invite = 0 } = {}) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.levels({ invite });
    room.joinRule(rule);
    if (carolIs !== 'join' || via === carol) room.member(carol, carolIs);
    return room.judgeMember(bob, bob, { membership: 'join', join_authorised_via_users_server: via });
  };

const RESTRICTED = ['restricted', 'knock_restricted'] as const;
const since = { restricted: { from: 8 }, knock_restricted: { from: 10 } } as const;
const NOBODY = 'the join rule admits nobody';

export const joinCases: readonly RuleCase[] = [
  allow('join: of the creator', 'after the create event alone', first(alice)),
  refuse('join: of the creator', 'of somebody else', first(bob)),
  refuse('join: of the creator', 'of an additional creator', first(bob), { from: 12, create: { additional_creators: [bob] } }),
  refuse('join: of the creator', 'after two events', (room) => first(alice, { prevEvents: [room.create.eventId, '$b:a.test'] })(room)),
  refuse('join: of the creator', 'after another event', first(alice, { prevEvents: ['$b:a.test'] })),
  allow('join: of the creator', 'whom the content names', first(bob), { to: 10, create: { creator: bob } }),
  refuse('join: of the creator', 'whom the content does not name', first(alice), { to: 10, create: { creator: bob } }),
  allow('join: of the creator', 'whoever the content names', first(alice), { from: 11, create: { creator: bob } }),
  refuse('join: of the creator', 'whom only the content names', first(bob), { from: 11, create: { creator: bob } }),

  allow('join: for oneself', 'by oneself', joining({ rule: 'public' })),
  refuse('join: for oneself', 'for somebody else', joining({ rule: 'public', sender: alice })),
  allow('join: not banned', 'after a ban was lifted', joining({ rule: 'public', before: 'leave' })),
  ...['public', 'invite'].map((rule) => refuse('join: not banned', `${rule} room`, joining({ rule, before: 'ban' }))),
  ...RESTRICTED.map((rule) => refuse('join: not banned', `${rule} room`, joining({ rule, before: 'ban' }))),

  ...['invite', undefined].flatMap((rule) => {
    const name = rule ?? 'without a join rule';
    return [
      ...['invite', 'join'].map((before) => allow('join: invited', `${name}, from ${before}`, joining({ rule, before } as Setting))),
      refuse('join: invited', `${name}, uninvited`, joining(rule === undefined ? {} : { rule })),
      refuse('join: invited', `${name}, after leaving`, joining({ rule, before: 'leave' } as Setting)),
    ];
  }),
  ...['invite', 'join'].map((before) => allow('join: invited', `knock, from ${before}`, joining({ rule: 'knock', before }), { from: 7 })),
  refuse('join: invited', 'knock, uninvited', joining({ rule: 'knock' }), { from: 7 }),
  refuse('join: invited', 'knock, after a knock', joining({ rule: 'knock', before: 'knock' }), { from: 7 }),
  refuse('join: invited', 'knock, before it is known', joining({ rule: 'knock', before: 'invite' }), { to: 6, reason: NOBODY }),

  ...RESTRICTED.flatMap((rule) => [
    ...['invite', 'join'].map((before) =>
      allow('join: restricted, but invited', `${rule}, from ${before}`, joining({ rule, before }), since[rule])),
    refuse('join: restricted, but invited', `${rule}, uninvited`, joining({ rule }), since[rule]),
    allow('join: restricted, authorised by somebody who may invite', rule, authorised(carol, { rule }), since[rule]),
    allow('join: restricted, otherwise allow', rule, authorised(carol, { rule }), since[rule]),
  ]),
  refuse('join: restricted, authorised by somebody who may invite', 'nobody named', joining({ rule: 'restricted' })),
  refuse('join: restricted, authorised by somebody who may invite', 'by somebody who has left', authorised(carol, { carolIs: 'leave' }),
    { reason: 'the authorising user is not in the room' }),
  refuse('join: restricted, authorised by somebody who may invite', 'by somebody who may not invite', authorised(carol, { invite: 1 }),
    { reason: 'the authorising user may not invite' }),
  ...['carol', 7].map((via) =>
    refuse('join: restricted, authorised by somebody who may invite', `by ${JSON.stringify(via)}`, authorised(via),
      { reason: 'join_authorised_via_users_server is not a user id' })),
  allow('join: restricted, otherwise allow', 'by a privileged creator', authorised(alice, { invite: 1000 }), { from: 12 }),
  refuse('join: restricted, otherwise allow', 'by a creator who may not invite', authorised(alice, { invite: 1000 }),
    { reason: 'the authorising user may not invite' , to: 11 }),
  refuse('join: restricted, otherwise allow', 'a rule that is not restricted', authorised(carol, { rule: 'private' })),

  ...[undefined, 'leave', 'invite', 'join'].map((before) =>
    allow('join: public', `from ${before ?? 'outside'}`, joining({ rule: 'public', ...(before === undefined ? {} : { before }) }))),
  allow('join: public', 'with a key that means nothing yet', joining({ rule: 'public', content: { join_authorised_via_users_server: 7 } }), { to: 7 }),
  refuse('join: public', 'when it is private', joining({ rule: 'private' })),
  refuse('join: public', 'when the rule is a list', joining({ rule: ['public'] })),
  refuse('join: public', 'when it is invite', joining({ rule: 'invite' }), { reason: 'the sender is not invited' }),

  allow('join: otherwise reject', 'of a rule that is known', joining({ rule: 'invite', before: 'invite' })),
  ...['private', null, 'Public', ''].flatMap((rule) =>
    ['invite', 'join'].map((before) =>
      refuse('join: otherwise reject', `${JSON.stringify(rule)}, from ${before}`, joining({ rule, before })))),
  refuse('join: otherwise reject', 'restricted, before it is known', joining({ rule: 'restricted', before: 'invite' }), { to: 7 }),
  refuse('join: otherwise reject', 'knock_restricted, before it is known', joining({ rule: 'knock_restricted', before: 'invite' }), { to: 9 }),
]; // prettier-ignore
