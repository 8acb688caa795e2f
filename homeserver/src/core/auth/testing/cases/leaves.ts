import type { Verdict } from '../../../verdict.ts';
import { alice, bob, type CaseRoom, carol } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

interface Setting {
  /** Who acts and on whom; bob on carol. */
  readonly sender?: string;
  readonly target?: string;
  readonly before?: Readonly<Record<string, string>>;
  readonly powers?: Readonly<Record<string, number>>;
  readonly levels?: Readonly<Record<string, number>>;
  readonly joinRule?: string;
}

const judging =
  (membership: string) =>
  ({ sender = bob, target = carol, before = { [bob]: 'join' }, powers = {}, levels = {}, joinRule }: Setting) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.levels({ users: powers, ...levels });
    if (joinRule !== undefined) room.joinRule(joinRule);
    for (const [user, is] of Object.entries(before)) room.member(user, is);
    return room.judgeMember(sender, target, { membership });
  };

const leave = judging('leave');
const ban = judging('ban');
const knock = judging('knock');

const moderator = { [bob]: 50 };
const KICK = 'leave: kick level and less power';
const EQUAL = { reason: 'the target user has as much power as the sender' };
const banned = { [bob]: 'join', [carol]: 'ban' };
const outside = (joinRule?: string) => ({ target: bob, before: {}, ...(joinRule === undefined ? {} : { joinRule }) });
const from = (membership: string) => ({ target: bob, before: { [bob]: membership }, joinRule: 'knock' });

export const leaveCases: readonly RuleCase[] = [
  ...['join', 'invite'].map((is) => allow('leave: oneself', `from ${is}`, leave({ target: bob, before: { [bob]: is } }))),
  allow('leave: oneself', 'from knock', leave({ target: bob, before: { [bob]: 'knock' } }), { from: 7 }),
  refuse('leave: oneself', 'from knock, before it is known', leave({ target: bob, before: { [bob]: 'knock' } }), { to: 6 }),
  refuse('leave: oneself', 'twice', leave({ target: bob, before: { [bob]: 'leave' } })),
  refuse('leave: oneself', 'from outside', leave({ target: bob, before: {} })),
  refuse('leave: oneself', 'while banned', leave({ target: bob, before: { [bob]: 'ban' } }), { reason: 'the sender is banned' }),
  allow('leave: oneself', 'with a key that only joins need',
    (room) => {
      room.member(bob, 'join');
      return room.judgeMember(bob, bob, { membership: 'leave', join_authorised_via_users_server: 7 });
    }),
  allow('leave: sender in the room', 'a member kicks', leave({ powers: moderator })),
  refuse('leave: sender in the room', 'a stranger kicks', leave({ before: {}, powers: moderator })),
  refuse('leave: sender in the room', 'an invited user kicks', leave({ before: { [bob]: 'invite' }, powers: moderator })),
  allow('leave: ban level to unban', 'at the level', leave({ before: banned, powers: moderator })),
  refuse('leave: ban level to unban', 'below the level', leave({ before: banned, powers: moderator, levels: { ban: 51 } })),
  allow('leave: ban level to unban', 'a kick below it', leave({ powers: moderator, levels: { ban: 51 } })),
  allow(KICK, 'at a set level', leave({ powers: { [bob]: 1 }, levels: { kick: 1 } })),
  allow(KICK, 'at 50, which is what applies', leave({ powers: moderator })),
  refuse(KICK, 'at 49', leave({ powers: { [bob]: 49 } })),
  refuse(KICK, 'to unban, below the kick level', leave({ before: banned, powers: moderator, levels: { kick: 51 } })),
  refuse(KICK, 'of an equal', leave({ before: { [bob]: 'join', [carol]: 'join' }, powers: { [bob]: 50, [carol]: 50 } }), EQUAL),
  refuse(KICK, 'to unban an equal', leave({ before: banned, powers: { [bob]: 50, [carol]: 50 } }), EQUAL),
  allow(KICK, 'of the creator', leave({ target: alice, powers: { [bob]: 2 ** 53 - 1 } }), { to: 11 }),
  refuse(KICK, 'of a privileged creator', leave({ target: alice, powers: { [bob]: 2 ** 53 - 1 } }), { from: 12, ...EQUAL }),
  allow(KICK, 'by a privileged creator', leave({ sender: alice, target: bob, powers: { [bob]: 2 ** 53 - 1 } }), { from: 12 }),
  refuse(KICK, 'of an additional creator', leave({ target: carol, powers: { [bob]: 2 ** 53 - 1 } }),
    { from: 12, create: { additional_creators: [carol] }, ...EQUAL }),
  allow('leave: otherwise reject', 'by enough', leave({ powers: { [bob]: 51, [carol]: 50 } })),
  refuse('leave: otherwise reject', 'by too little', leave({})),

  allow('ban: sender in the room', 'a member', ban({ powers: moderator })),
  refuse('ban: sender in the room', 'a stranger', ban({ before: {}, powers: moderator })),
  allow('ban: ban level and less power', 'at a set level', ban({ powers: { [bob]: 1 }, levels: { ban: 1 } })),
  allow('ban: ban level and less power', 'at 50, which is what applies', ban({ powers: moderator })),
  refuse('ban: ban level and less power', 'at 49', ban({ powers: { [bob]: 49 } })),
  refuse('ban: ban level and less power', 'of an equal', ban({ powers: { [bob]: 50, [carol]: 50 } }), EQUAL),
  refuse('ban: ban level and less power', 'of oneself', ban({ target: bob, powers: moderator }), EQUAL),
  allow('ban: otherwise reject', 'by enough', ban({ powers: { [bob]: 51, [carol]: 50 } })),
  refuse('ban: otherwise reject', 'by too little', ban({})),

  allow('knock: join rule', 'knock', knock(outside('knock'))),
  allow('knock: join rule', 'knock_restricted', knock(outside('knock_restricted')), { from: 10 }),
  refuse('knock: join rule', 'knock_restricted, before it is known', knock(outside('knock_restricted')), { to: 9 }),
  ...['restricted', 'invite', 'public', 'private', undefined].map((rule) =>
    refuse('knock: join rule', rule ?? 'none', knock(outside(rule)))),
  allow('knock: for oneself', 'it is', knock(outside('knock'))),
  refuse('knock: for oneself', 'it is not', knock({ joinRule: 'knock' })),
  ...['leave', 'knock'].map((is) => allow('knock: from outside', is, knock(from(is)))),
  refuse('knock: from outside', 'banned', knock(from('ban'))),
  refuse('knock: from outside', 'invited', knock(from('invite')), { reason: 'the sender is already invited' }),
  refuse('knock: from outside', 'in the room', knock(from('join')), { reason: 'the sender is already in the room' }),
  allow('knock: otherwise reject', 'who never was there', knock(outside('knock'))),
  refuse('knock: otherwise reject', 'who was thrown out for good', knock(from('ban'))),
]; // prettier-ignore
