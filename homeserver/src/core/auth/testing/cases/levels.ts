import type { JsonObject } from '@holm/spec/json';
import type { Verdict } from '../../../verdict.ts';
import { alice, bob, type CaseRoom, carol, dave } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

const levels = { type: 'm.room.power_levels', stateKey: '' };
const usersOf = (content: JsonObject) => content['users'] as JsonObject | undefined;

/** The first power levels of a room, by its creator. */
const first =
  (content: JsonObject) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    return room.judge({ ...levels, sender: alice, content });
  };

/** Bob, who has 50 and may change the levels, replaces one set of levels by another. */
const change =
  (before: JsonObject, after: JsonObject) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.member(bob, 'join');
    room.put({ ...levels, sender: alice, content: { ...before, users: { [bob]: 50, ...usersOf(before) } } });
    return room.judge({ ...levels, sender: bob, content: { ...after, users: { [bob]: 50, ...usersOf(after) } } });
  };

const above = (what: string) => ({ reason: `the ${what} above the sender's own` });
const USERS = 'levels: users';
const ENTRIES = 'levels: entries that stood above the sender';
const NEW_ENTRIES = 'levels: entries that would stand above the sender';
const EQUALS = 'levels: users that stood as high as the sender';
const NEW_USERS = 'levels: users that would stand above the sender';
const NOT_A_USER = { reason: 'users has a key that is not a user id' };

const shapes: readonly RuleCase[] = [
  allow('levels: integers', 'integers', first({ ban: 50, invite: -1 })),
  refuse('levels: integers', 'a text', first({ ban: '50' })),
  refuse('levels: integers', 'null', first({ ban: null })),
  refuse('levels: integers', 'the invite level', first({ invite: 'junk' }), { reason: 'invite is not an integer' }),
  allow('levels: maps of integers', 'integers', first({ events: { a: 50 }, notifications: { room: 50 } })),
  refuse('levels: maps of integers', 'texts', first({ events: { a: '50' } })),
  refuse('levels: maps of integers', 'a list', first({ events: [] })),
  ...[[], 7, { room: '50' }].map((notifications) =>
    refuse('levels: maps of integers', `${JSON.stringify(notifications)} for notifications`, first({ notifications }),
      { reason: 'notifications does not map to integers' })),

  allow(USERS, 'none', first({})),
  allow(USERS, 'an integer', first({ users: { [carol]: 10 } })),
  ...['10', ' +0010 ', '-5'].map((level) => allow(USERS, JSON.stringify(level), first({ users: { [carol]: level } }), { to: 9 })),
  ...['10', ' +0010 ', '-5'].map((level) => refuse(USERS, JSON.stringify(level), first({ users: { [carol]: level } }), { from: 10 })),
  allow(USERS, '10.7', first({ users: { [carol]: 10.7 } }), { to: 5 }),
  refuse(USERS, '10.7', first({ users: { [carol]: 10.7 } }), { from: 6 }),
  ...['10.7', '1e2', '', '9'.repeat(400), true, null, [10]].map((level) =>
    refuse(USERS, JSON.stringify(level).slice(0, 9), first({ users: { [carol]: level } }))),
  ...[[], null, 'junk'].map((users) => refuse(USERS, `${JSON.stringify(users)} for all of them`, first({ users }))),
  ...['carol', '@carol'].map((user) => refuse(USERS, user, first({ users: { [user]: 10 } }), NOT_A_USER)),
  allow(USERS, 'junk elsewhere', first({ ban: 'junk', events: [], notifications: 7 }), { to: 9 }),

  allow('levels: no creators', 'none', first({ users: { [carol]: 100 } }), { create: { additional_creators: [dave] } }),
  refuse('levels: no creators', 'the sender of the create event', first({ users: { [alice]: 100 } })),
  refuse('levels: no creators', 'an additional one', first({ users: { [dave]: 100 } }), { create: { additional_creators: [dave] } }),

  allow('levels: the first', 'above its sender', first({ ban: 1_000, events: { a: 1_000 } })),
  refuse('levels: the first', 'the second, above its sender', change({}, { ban: 51 })),
]; // prettier-ignore

const changes: readonly RuleCase[] = [
  allow('levels: what stood above the sender', 'left alone', change({ kick: 51 }, { kick: 51 })),
  allow('levels: what stood above the sender', 'equal, removed', change({ invite: 50 }, {})),
  refuse('levels: what stood above the sender', 'lowered', change({ kick: 51 }, { kick: 10 })),
  refuse('levels: what stood above the sender', 'removed', change({ invite: 51 }, {}), above('level of invite is')),
  allow('levels: what would stand above the sender', 'raised to their own', change({ kick: 10 }, { kick: 50 })),
  allow('levels: what would stand above the sender', 'added at their own', change({}, { redact: 50 })),
  refuse('levels: what would stand above the sender', 'raised', change({ kick: 10 }, { kick: 51 })),
  ...['redact', 'users_default', 'state_default', 'events_default'].map((name) =>
    refuse('levels: what would stand above the sender', `${name} added`, change({}, { [name]: 51 }), above(`new level of ${name} is`))),

  allow(ENTRIES, 'equal, changed', change({ events: { a: 50 } }, { events: { a: 0 } })),
  allow(ENTRIES, 'equal, all removed', change({ events: { a: 50 } }, {})),
  refuse(ENTRIES, 'removed', change({ events: { a: 51 } }, {})),
  refuse(ENTRIES, 'lowered', change({ events: { a: 51 } }, { events: { a: 10 } })),
  allow(ENTRIES, 'a notification, not yet protected', change({ notifications: { room: 51 } }, {}), { to: 5 }),
  refuse(ENTRIES, 'a notification', change({ notifications: { room: 51 } }, {}), { from: 6, ...above('level of room is') }),
  allow(NEW_ENTRIES, 'at their own', change({}, { events: { a: 50 }, notifications: { room: 50 } })),
  refuse(NEW_ENTRIES, 'added', change({}, { events: { a: 51 } })),
  refuse(NEW_ENTRIES, 'raised', change({ events: { a: 10 } }, { events: { a: 51 } })),
  refuse(NEW_ENTRIES, '__proto__', change({}, JSON.parse('{"events":{"__proto__":51}}') as JsonObject), above('new level of __proto__ is')),
  allow(NEW_ENTRIES, 'a notification, not yet protected', change({}, { notifications: { room: 51 } }), { to: 5 }),
  refuse(NEW_ENTRIES, 'a notification', change({}, { notifications: { room: 51 } }), { from: 6, ...above('new level of room is') }),

  allow(EQUALS, 'a lesser one removed', change({ users: { [carol]: 49 } }, {})),
  allow(EQUALS, 'an equal left alone', change({ users: { [carol]: 50 } }, { users: { [carol]: 50 }, ban: 1 })),
  allow(EQUALS, 'oneself lowered', change({}, { users: { [bob]: 0 } })),
  allow(EQUALS, 'one among others', change({ users: { [carol]: 10, [dave]: 100 } }, { users: { [carol]: 20, [dave]: 100 } })),
  refuse(EQUALS, 'an equal removed', change({ users: { [carol]: 50 } }, {})),
  refuse(EQUALS, 'an equal lowered', change({ users: { [carol]: 50 } }, { users: { [carol]: 0 } })),
  refuse(EQUALS, 'a higher one removed', change({ users: { [carol]: 51 } }, {}), above(`level of ${carol} is`)),
  allow(NEW_USERS, 'at their own', change({}, { users: { [carol]: 50 } })),
  refuse(NEW_USERS, 'added', change({}, { users: { [carol]: 51 } })),
  refuse(NEW_USERS, 'oneself raised', change({}, { users: { [bob]: 51 } }), above(`new level of ${bob} is`)),

  allow('levels: otherwise allow', 'nothing changed', change({ ban: 100 }, { ban: 100 })),
  allow('levels: otherwise allow', 'the same as a text', change({ ban: 100 }, { ban: '100' }), { to: 9 }),
  allow('levels: otherwise allow', 'junk that nobody touches', change({ ban: {}, events: 'junk' }, { ban: {}, events: 'junk', kick: 10 }), { to: 9 }),
  allow('levels: otherwise allow', 'anything by a privileged creator', (room) => {
    room.member(alice, 'join');
    room.levels({ ban: 1000, users: { [bob]: 1000 } });
    return room.judge({ ...levels, sender: alice, content: { ban: 2 ** 53 - 1, users: { [bob]: 0 } } });
  }, { from: 12 }),
  refuse('levels: otherwise allow', 'one of two changes too high', change({}, { ban: 50, kick: 51 })),
]; // prettier-ignore

export const levelCases: readonly RuleCase[] = [...shapes, ...changes];
