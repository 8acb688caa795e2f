/**
 * The authorisation rules of all room versions as a list: what each is called here, under which number it stands in
 * which versions, and what a refusal by it says. https://spec.matrix.org/latest/rooms/v12/#authorization-rules
 */
type Numbering = readonly [from: number, to: number, number: string];

export interface Rule {
  readonly name: string;
  readonly numbers: readonly Numbering[];
  /** The reason with which an event is refused by it, or for want of it where it is a rule that allows. */
  readonly reasons: readonly string[];
}

const rule = (name: string, numbers: readonly Numbering[], ...reasons: string[]): Rule => ({ name, numbers, reasons });

/** Where the rules about a type stand: up to version 5 after those about aliases, in 12 after that about the room id. */
const at = (in6: string, [first, last] = [1, 12]): Numbering[] => {
  const oneLater = in6.replace(/^\d+/, (number) => `${Number(number) + 1}`);
  const parts: Numbering[] = [
    [1, 5, oneLater],
    [6, 11, in6],
    [12, 12, oneLater],
  ];
  return parts
    .map(([from, to, number]): Numbering => [Math.max(from, first), Math.min(to, last), number])
    .filter(([from, to]) => from <= to);
};

/** A rule about memberships: number 4 of versions 6 to 11; those after the second moved down by one in version 8. */
const member = (before8: string | undefined, since8: string, from = 1): Numbering[] => [
  ...(before8 === undefined ? [] : at(`4.${before8}`, [from, 7])),
  ...at(`4.${since8}`, [Math.max(from, 8), 12]),
];

/** A rule about power levels: number 9 of versions 6 to 11; two came first in version 10, one in between in version 12. */
const power = (before10: string, since10: string, in12: string): Numbering[] => [
  ...at(`9.${before10}`, [1, 9]),
  ...at(`9.${since10}`, [10, 11]),
  [12, 12, `10.${in12}`],
];

const NOT_IN = 'the sender is not in the room';
const IS_BANNED = 'the sender is banned';
const EQUAL = 'the target user has as much power as the sender';
const INVITE_LEVEL = "the sender's power level is below the invite level";
const KICK_LEVEL = "the sender's power level is below the kick level";
const BAN_LEVEL = "the sender's power level is below the ban level";
const UNSIGNED = 'no key of the third party invite signed it';

const create: readonly Rule[] = [
  rule('create: no previous events', [[1, 12, '1.1']], 'a create event has no previous events'),
  rule('create: domain of the room id', [[1, 11, '1.2']], "the room id is not of the sender's server"),
  rule('create: no room id', [[12, 12, '1.2']], 'a create event that gives the room its id has no room_id'),
  rule('create: known version', [[1, 12, '1.3']], 'the room version is not known'),
  rule('create: creator', [[1, 10, '1.4']], 'the content names no creator'),
  rule('create: additional creators', [[12, 12, '1.4']], 'additional_creators is not a list of user ids'),
  rule('create: otherwise allow', [[1, 10, '1.5'], [11, 11, '1.4'], [12, 12, '1.5']], 'the room version is not known'),
]; // prettier-ignore

const authEvents: readonly Rule[] = [
  rule('room id: an accepted create event', [[12, 12, '2']],
    'the room id is not that of the create event', 'an auth event was rejected', 'there is no create event among the auth events'),
  rule('auth events: no duplicates', [[1, 11, '2.1'], [12, 12, '3.1']],
    'auth_events has m.room.member twice for one state key', 'auth_events names an event twice'),
  rule('auth events: selection', [[1, 11, '2.2'], [12, 12, '3.2']],
    'auth_events has m.room.join_rules, which does not belong', 'auth_events has m.room.message, which does not belong',
    'auth_events lists the create event, which the room id implies'),
  rule('auth events: not rejected', [[1, 11, '2.3'], [12, 12, '3.3']], 'an auth event was rejected'),
  rule('auth events: the create event', [[1, 11, '2.4']], 'there is no create event among the auth events'),
  // NOTSPEC: the lists of versions before 12 end with 2.4, but no server takes authority from another room.
  rule('auth events: of this room', [[1, 11, '2.5'], [12, 12, '3.4']], 'auth_events has an event of another room'),
]; // prettier-ignore

const JOIN_REFUSED = 'the sender is not invited';
const NO_RULE = 'the join rule admits nobody';

const joins: readonly Rule[] = [
  rule('join: of the creator', member('2.1', '3.1'), JOIN_REFUSED),
  rule('join: for oneself', member('2.2', '3.2'), 'nobody may join for somebody else'),
  rule('join: not banned', member('2.3', '3.3'), IS_BANNED),
  rule('join: invited', member('2.4', '3.4'), JOIN_REFUSED, NO_RULE),
  rule('join: restricted, but invited', member(undefined, '3.5.1', 8),
    'the sender is not invited, and nobody authorises the join'),
  rule('join: restricted, authorised by somebody who may invite', member(undefined, '3.5.2', 8),
    'the sender is not invited, and nobody authorises the join', 'the authorising user is not in the room',
    'the authorising user may not invite', 'join_authorised_via_users_server is not a user id'),
  rule('join: restricted, otherwise allow', member(undefined, '3.5.3', 8), NO_RULE, 'the authorising user may not invite'),
  rule('join: public', member('2.5', '3.6'), NO_RULE, JOIN_REFUSED),
  rule('join: otherwise reject', member('2.6', '3.7'), NO_RULE),
]; // prettier-ignore

const invites: readonly Rule[] = [
  rule('third party: target not banned', member('3.1.1', '4.1.1'), 'the target user is banned'),
  rule('third party: signed', member('3.1.2', '4.1.2'), 'the third party invite is not signed'),
  rule('third party: mxid and token', member('3.1.3', '4.1.3'), 'the third party invite has no mxid or no token'),
  rule('third party: for the target', member('3.1.4', '4.1.4'), 'the third party invite is for another user'),
  rule('third party: known token', member('3.1.5', '4.1.5'), 'there is no third party invite with this token'),
  rule('third party: same sender', member('3.1.6', '4.1.6'), 'the sender did not send the original third party invite'),
  rule('third party: a known key', member('3.1.7', '4.1.7'), UNSIGNED),
  rule('third party: in public_key', member('3.1.7.1', '4.1.7.1'), UNSIGNED),
  rule('third party: in public_keys', member('3.1.7.2', '4.1.7.2'), UNSIGNED),
  rule('third party: otherwise reject', member('3.1.8', '4.1.8'), UNSIGNED),
  rule('invite: sender in the room', member('3.2', '4.2'), NOT_IN),
  rule('invite: target neither in the room nor banned', member('3.3', '4.3'),
    'the target user is already in the room', 'the target user is banned'),
  rule('invite: level', member('3.4', '4.4'), INVITE_LEVEL),
  rule('invite: otherwise reject', member('3.5', '4.5'), INVITE_LEVEL),
]; // prettier-ignore

const leaves: readonly Rule[] = [
  rule('leave: oneself', member('4.1', '5.1'), NOT_IN, IS_BANNED),
  rule('leave: sender in the room', member('4.2', '5.2'), NOT_IN),
  rule('leave: ban level to unban', member('4.3', '5.3'), BAN_LEVEL),
  rule('leave: kick level and less power', member('4.4', '5.4'), KICK_LEVEL, EQUAL),
  rule('leave: otherwise reject', member('4.5', '5.5'), KICK_LEVEL),
  rule('ban: sender in the room', member('5.1', '6.1'), NOT_IN),
  rule('ban: ban level and less power', member('5.2', '6.2'), BAN_LEVEL, EQUAL),
  rule('ban: otherwise reject', member('5.3', '6.3'), BAN_LEVEL),
  rule('knock: join rule', member('6.1', '7.1', 7), 'the join rule does not admit knocks'),
  rule('knock: for oneself', member('6.2', '7.2', 7), 'nobody may knock for somebody else'),
  rule('knock: from outside', member('6.3', '7.3', 7),
    IS_BANNED, 'the sender is already invited', 'the sender is already in the room'),
  rule('knock: otherwise reject', member('6.4', '7.4', 7), IS_BANNED),
]; // prettier-ignore

const members: readonly Rule[] = [
  rule('member: state key and membership', member('1', '1'), 'a membership has no state key', 'the content has no membership'),
  rule('member: signed by the authorising server', member(undefined, '2.1', 8), 'not signed by c.test with a key that we know'),
  ...joins,
  ...invites,
  ...leaves,
  rule('member: known membership', [...at('4.6', [1, 6]), ...at('4.7', [7, 7]), ...at('4.8', [8, 12])],
    'the membership is not known'),
]; // prettier-ignore

const named = (what: string): string => `the ${what} above the sender's own`;

const powerLevels: readonly Rule[] = [
  rule('levels: integers', at('9.1', [10, 12]), 'ban is not an integer', 'invite is not an integer'),
  rule('levels: maps of integers', at('9.2', [10, 12]), 'events does not map to integers', 'notifications does not map to integers'),
  rule('levels: users', power('1', '3', '3'), 'users does not map to integers', 'users has a key that is not a user id'),
  rule('levels: no creators', [[12, 12, '10.4']], 'users lists a creator of the room'),
  rule('levels: the first', power('2', '4', '5'), named('new level of ban is')),
  rule('levels: what stood above the sender', power('3.1', '5.1', '6.1'), named('level of kick is'), named('level of invite is')),
  rule('levels: what would stand above the sender', power('3.2', '5.2', '6.2'),
    ...['kick', 'redact', 'users_default', 'state_default', 'events_default'].map((key) => named(`new level of ${key} is`))),
  rule('levels: entries that stood above the sender', power('4.1', '6.1', '7.1'), named('level of a is'), named('level of room is')),
  rule('levels: entries that would stand above the sender', power('5.1', '7.1', '8.1'),
    named('new level of a is'), named('new level of room is'), named('new level of __proto__ is')),
  rule('levels: users that stood as high as the sender', power('6.1', '8.1', '9.1'),
    '@carol:c.test has as much power as the sender', named('level of @carol:c.test is')),
  rule('levels: users that would stand above the sender', power('7.1', '9.1', '10.1'),
    named('new level of @carol:c.test is'), named('new level of @bob:b.test is')),
  rule('levels: otherwise allow', power('8', '10', '11'), named('new level of kick is')),
]; // prettier-ignore

const others: readonly Rule[] = [
  rule('federation', [[1, 11, '3'], [12, 12, '4']], 'the room does not federate'),
  rule('aliases: state key', [[1, 5, '4.1']], 'aliases have no state key'),
  rule('aliases: domain', [[1, 5, '4.2']], "the aliases are not of the sender's server"),
  rule('aliases: otherwise allow', [[1, 5, '4.3']], "the aliases are not of the sender's server"),
  rule('sender in the room', at('5'), NOT_IN),
  rule('third party invite: invite level', at('6.1'), INVITE_LEVEL),
  rule('required level', at('7'), ...['m.room.message', 'm.room.topic', 'm.room.redaction', 'm.room.aliases']
    .map((type) => `the sender's power level is below that of ${type}`)),
  rule('state key of another user', at('8'), 'the state key is another user'),
  rule('redaction: redact level', [[1, 2, '11.1']], 'the sender may redact only what their own server sent'),
  rule('redaction: same domain', [[1, 2, '11.2']], 'the sender may redact only what their own server sent'),
  rule('redaction: otherwise reject', [[1, 2, '11.3']], 'the sender may redact only what their own server sent'),
  rule('otherwise allow', [[1, 2, '12'], [3, 5, '11'], [6, 11, '10'], [12, 12, '11']],
    "the sender's power level is below that of m.room.message"),
]; // prettier-ignore

export const RULES: readonly Rule[] = [...create, ...authEvents, ...members, ...powerLevels, ...others];
