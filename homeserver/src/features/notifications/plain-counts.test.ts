import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { defaultPushRules, type PushRuleset } from '../../core/push/default-rules.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { AllUserRules, UnreadEvents } from './index.ts';

const [alice, bob, carol] = [userOf('alice'), userOf('bob'), userOf('carol')];
const MESSAGE = 'm.room.message';

/** What is said, and what it is to Bob: nothing, a notification, or a highlight. */
const SAID: readonly (readonly [string, JsonObject, 0 | 1 | 2])[] = [
  [MESSAGE, { msgtype: 'm.text', body: 'plain' }, 1],
  [MESSAGE, { msgtype: 'm.text', body: 'of nobody', 'm.mentions': {} }, 1],
  [MESSAGE, { msgtype: 'm.text', body: 'to Bob', 'm.mentions': { user_ids: [bob] } }, 2],
  [MESSAGE, { msgtype: 'm.text', body: `${bob} in the text alone` }, 1],
  [MESSAGE, { msgtype: 'm.text', body: 'to all', 'm.mentions': { room: true } }, 2],
  [MESSAGE, { msgtype: 'm.text', body: 'to none', 'm.mentions': { room: false } }, 1],
  [MESSAGE, { msgtype: 'm.notice', body: 'of a bot' }, 0],
  [MESSAGE, { msgtype: 'M.Notice', body: 'of a loud bot' }, 0],
  [MESSAGE, { msgtype: 'm.text', body: 'with "m.notice" in it' }, 1],
  [MESSAGE, { body: 'edited', 'm.relates_to': { rel_type: 'm.replace', event_id: '$other' } }, 0],
  [MESSAGE, { body: 'answer', 'm.relates_to': { 'm.in_reply_to': { event_id: '$other' } } }, 1],
  ['m.room.encrypted', { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' }, 1],
  ['m.room.encrypted', { algorithm: 'm.megolm.v1.aes-sha2', msgtype: 'm.notice' }, 0],
  ['m.reaction', { inner: { type: MESSAGE } }, 0],
  ['org.test', { body: ',"type":"m.room.message"}' }, 0],
  ['org.test', { type: MESSAGE }, 0],
];

describe('plain messages', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  const open = (few: number, change: (rules: PushRuleset) => PushRuleset = (one) => one): UnreadEvents => {
    const { engine, test } = fixture;
    const rules = new AllUserRules({
      pushRules: { all: async (user) => change(defaultPushRules(user)) },
      ignoredUsers: { of: () => new Set() },
      threads: { subscribedBy: async () => new Map() },
      versionOf: () => 1,
      changedAt: () => 1 as Position,
    });
    return new UnreadEvents({
      db: test.db,
      idle: test.idle,
      engine,
      rules,
      background: new Background(silentLog),
      few,
    });
  };

  const counts = async (roomId: RoomId, few: number, change?: (rules: PushRuleset) => PushRuleset) => {
    const room = (await fixture.engine.rooms.byId(roomId)) as Room;
    const { counts: found, changedAt } = await open(few, change).of(bob, room);
    return { total: found.total, main: found.main, threads: [...found.threads], changedAt };
  };

  /** More than are in memory. */
  const filled = async (): Promise<RoomId> => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    for (let i = 0; i < 130; i++) await fixture.say(room, alice, `message ${i}`);
    return room;
  };

  const eventsReadBy = async (work: () => Promise<unknown>): Promise<number> => {
    const { events } = fixture.engine;
    const fromRows = events.fromRows.bind(events);
    let read = 0;
    events.fromRows = (rows) => fromRows(rows).finally(() => (read += rows.length));
    await work().finally(() => (events.fromRows = fromRows));
    return read;
  };

  const send = (room: RoomId, type: string, content: JsonObject) =>
    fixture.engine.sender.send(room, { sender: alice, type, content });

  it('count as they would one by one, and nothing else does', async () => {
    const room = await filled();
    for (const [type, content] of SAID) await send(room, type, content);
    for (let i = 0; i < 130; i++) await fixture.say(room, alice, `message ${i}`);
    const found = await counts(room, 0);
    expect(found.main).to.eql({
      notifications: 260 + SAID.filter(([, , what]) => what > 0).length,
      highlights: SAID.filter(([, , what]) => what === 2).length,
    });
    expect(found).to.eql(await counts(room, Infinity));
  });

  it('count no more when they are redacted or hidden, and are read by who speaks', async () => {
    const room = await filled();
    const { event } = await fixture.say(room, alice, 'oh');
    await fixture.redact(room, alice, event.eventId);
    expect(await counts(room, 0)).to.eql(await counts(room, Infinity));
    expect((await counts(room, 0)).main.notifications).to.equal(130);
    await fixture.set(room, alice, 'm.room.history_visibility', { history_visibility: 'joined' });
    for (let i = 0; i < 120; i++) await fixture.say(room, alice, `hidden ${i}`);
    expect(await counts(room, 0)).to.eql(await counts(room, Infinity));
    await fixture.say(room, bob, 'here');
    for (let i = 0; i < 120; i++) await fixture.say(room, alice, `later ${i}`);
    expect((await counts(room, 0)).main.notifications).to.equal(120);
    expect(await counts(room, 0)).to.eql(await counts(room, Infinity));
  });

  it('are not looked at where their reader has said something since, be it that others were counted before', async () => {
    const { engine } = fixture;
    const roomId = await filled();
    const room = (await engine.rooms.byId(roomId)) as Room;
    const unread = open(100);
    expect((await unread.of(bob, room)).counts.main.notifications).to.equal(130);
    for (let i = 0; i < 250; i++) await fixture.say(roomId, bob, `said ${i}`);
    for (let i = 0; i < 10; i++) await fixture.say(roomId, alice, `answer ${i}`);
    const read = await eventsReadBy(async () =>
      expect((await unread.of(bob, room)).counts.main.notifications).to.equal(10),
    );
    expect(read).to.be.below(50);
  });

  it('are read once for all who count them at the same moment, wherever each begins', async () => {
    const roomId = await filled();
    await fixture.member(roomId, carol, 'join');
    for (let i = 0; i < 130; i++) await fixture.say(roomId, alice, `message ${i}`);
    const room = (await fixture.engine.rooms.byId(roomId)) as Room;
    const unread = open(Infinity);
    for (const user of [bob, carol]) await fixture.engine.userRooms.of(user);
    const read = await eventsReadBy(async () => {
      const found = await Promise.all([bob, carol].map(async (user) => unread.of(user, room)));
      expect(found.map(({ counts: { main } }) => main.notifications)).to.eql([260, 130]);
    });
    expect(read).to.be.below(300);
  });

  it('are looked at where the user has rules of their own', async () => {
    const room = await filled();
    const mute = (rules: PushRuleset): PushRuleset => ({
      ...rules,
      override: rules.override.map((rule) => (rule.rule_id === '.m.rule.master' ? { ...rule, enabled: true } : rule)),
    });
    expect((await counts(room, 0, mute)).total.notifications).to.equal(0);
  });
});
