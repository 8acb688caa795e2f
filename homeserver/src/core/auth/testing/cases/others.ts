import type { Json } from '@holm/spec/json';
import type { EventFields } from '../../../../testing/events.ts';
import type { Verdict } from '../../../verdict.ts';
import { alice, bob, type CaseRoom, carol, dave } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

interface Setting {
  readonly levels?: Readonly<Record<string, Json>>;
  readonly bobIs?: string;
}

/** Something that bob does, who is in the room and has no power. */
const doing =
  (fields: Partial<EventFields> & { readonly type: string }, { levels = {}, bobIs = 'join' }: Setting = {}) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.levels(levels);
    if (bobIs !== 'never') room.member(bob, bobIs);
    return room.judge({ sender: bob, ...fields });
  };

const message = { type: 'm.room.message' };
const events = (levels: Record<string, number>): Setting => ({ levels: { events: levels } });
const below = (type: string) => ({ reason: `the sender's power level is below that of ${type}` });
const token = { type: 'm.room.third_party_invite', stateKey: 'token' };
const aliases = (stateKey?: string) =>
  doing({ type: 'm.room.aliases', sender: dave, ...(stateKey === undefined ? {} : { stateKey }) });

/** Bob, with 10, redacts something. */
const redacting = (redacts: string | undefined, redact: number): ((room: CaseRoom) => Verdict) =>
  doing(
    { type: 'm.room.redaction', eventId: '$redaction:b.test', ...(redacts === undefined ? {} : { redacts }) },
    { levels: { users: { [bob]: 10 }, redact } },
  );

const closed = { create: { 'm.federate': false } };
const authorised = { membership: 'join', join_authorised_via_users_server: carol };
const signed =
  (...servers: string[]) =>
  (room: CaseRoom): Verdict =>
    room.judgeSignatures(authorised, servers);
const membership =
  (fields: Partial<EventFields>) =>
  (room: CaseRoom): Verdict =>
    room.judge({ type: 'm.room.member', sender: alice, stateKey: alice, content: { membership: 'join' }, ...fields });
const known = (content: Record<string, Json>) => doing({ type: 'm.room.member', stateKey: bob, content });

export const otherCases: readonly RuleCase[] = [
  allow('federation', 'a room that says nothing', doing(message)),
  ...[true, null, 'false', 0].map((value) => allow('federation', JSON.stringify(value), doing(message), { create: { 'm.federate': value } })),
  allow('federation', 'of the same server', (room) => {
    room.member('@bob:a.test', 'join');
    return room.judge({ ...message, sender: '@bob:a.test' });
  }, closed),
  refuse('federation', 'of another server', doing(message), closed),
  refuse('federation', 'a join from another server', doing({ type: 'm.room.member', stateKey: bob, content: { membership: 'join' } }), closed),

  allow('aliases: state key', 'there is one', aliases('d.test')),
  refuse('aliases: state key', 'there is none', aliases()),
  allow('aliases: domain', 'the sender’s', aliases('d.test')),
  refuse('aliases: domain', 'another', aliases('a.test')),
  allow('aliases: otherwise allow', 'by somebody who is not in the room', aliases('d.test')),
  refuse('aliases: otherwise allow', 'of a server of the room', aliases('b.test')),

  allow('member: state key and membership', 'both', membership({})),
  refuse('member: state key and membership', 'no membership', membership({ content: {} }), { reason: 'the content has no membership' }),
  refuse('member: state key and membership', 'no state key', (room) =>
    room.judge({ type: 'm.room.member', sender: alice, content: { membership: 'join' } })),
  allow('member: signed by the authorising server', 'it is', signed('c.test')),
  refuse('member: signed by the authorising server', 'it is not', signed()),
  refuse('member: signed by the authorising server', 'by another', signed('d.test')),
  allow('member: known membership', 'known', known({ membership: 'join' })),
  ...['lurk', 'constructor', '', 7, null].map((one) => refuse('member: known membership', JSON.stringify(one), known({ membership: one }))),
  refuse('member: known membership', 'knock, before it is known', known({ membership: 'knock' }), { to: 6 }),

  allow('sender in the room', 'a member', doing(message)),
  ...['never', 'invite', 'leave', 'ban', 'knock'].map((bobIs) => refuse('sender in the room', bobIs, doing(message, { bobIs }))),
  refuse('sender in the room', 'aliases, no longer special', aliases('d.test'), { from: 6 }),

  allow('third party invite: invite level', 'at the level', doing(token, { levels: { invite: 0 } })),
  allow('third party invite: invite level', 'whatever the level of its type', doing(token, events({ 'm.room.third_party_invite': 100 }))),
  refuse('third party invite: invite level', 'below the level', doing(token, { levels: { invite: 1 } })),

  allow('required level', 'a message at its level', doing(message, events({ 'm.room.message': 0 }))),
  refuse('required level', 'a message below its level', doing(message, events({ 'm.room.message': 1 }))),
  allow('required level', 'state at its level', doing({ type: 'm.room.topic', stateKey: '' }, events({ 'm.room.topic': 0 }))),
  refuse('required level', 'state at 0', doing({ type: 'm.room.topic', stateKey: '' }), below('m.room.topic')),
  refuse('required level', 'aliases, no longer special', doing({ type: 'm.room.aliases', stateKey: 'b.test' }), { from: 6, ...below('m.room.aliases') }),
  refuse('required level', 'a redaction', doing({ type: 'm.room.redaction', redacts: '$x:b.test' }, { levels: { redact: 0, events_default: 1 } }),
    below('m.room.redaction')),

  allow('state key of another user', 'one’s own', doing({ type: 'a.status', stateKey: bob }, events({ 'a.status': 0 }))),
  allow('state key of another user', 'one that does not begin so', doing({ type: 'a.call', stateKey: `_${alice}` }, events({ 'a.call': 0 }))),
  refuse('state key of another user', 'another’s', doing({ type: 'a.status', stateKey: alice }, events({ 'a.status': 0 }))),

  allow('redaction: redact level', 'at the level', redacting('$event:a.test', 10)),
  allow('redaction: redact level', 'of nothing', redacting(undefined, 10)),
  refuse('redaction: redact level', 'below the level', redacting('$event:a.test', 11)),
  allow('redaction: same domain', 'the same', redacting('$event:b.test', 11)),
  refuse('redaction: same domain', 'with another port', redacting('$event:b.test:8448', 11)),
  allow('redaction: otherwise reject', 'of an event of one’s own server', redacting('$other:b.test', 11)),
  ...['$event', undefined].map((id) => refuse('redaction: otherwise reject', `of ${id}`, redacting(id, 11))),

  allow('otherwise allow', 'a message', doing(message)),
  allow('otherwise allow', 'a redaction, whatever the redact level', redacting('$event:a.test', 11), { from: 3 }),
  refuse('otherwise allow', 'a message that needs power', doing(message, { levels: { events_default: 1 } })),
]; // prettier-ignore
