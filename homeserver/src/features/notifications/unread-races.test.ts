import type { EventId } from '@holm/spec/ids';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { defaultPushRules } from '../../core/push/default-rules.ts';
import { Background } from '../../platform/background.ts';
import { breathe } from '../../platform/breathe.ts';
import { silentLog } from '../../platform/log.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { AllUserRules, UnreadEvents } from './index.ts';

const [alice, bob] = [userOf('alice'), userOf('bob')];

describe('counts of what is unread, while that changes', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  const rules = new AllUserRules({
    pushRules: { all: (user) => Promise.resolve(defaultPushRules(user)) },
    ignoredUsers: { of: () => Promise.resolve(new Set()) },
    threads: { subscribedBy: () => Promise.resolve(new Map()) },
    versionOf: () => 1,
    changedAt: () => 1 as Position,
  });
  const opened = (): UnreadEvents =>
    new UnreadEvents({
      ...{ db: fixture.test.db, idle: fixture.test.idle, engine: fixture.engine, rules },
      background: new Background(silentLog),
      ...{ cheap: 0, few: 0 },
    });

  it('follow a redaction that comes while they are made', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const say = async (rel_type?: string, event_id?: EventId): Promise<EventId> => {
      const relates = event_id === undefined ? {} : { 'm.relates_to': { rel_type, event_id } };
      const content = { body: 'x', msgtype: 'm.text', ...relates };
      return (await fixture.engine.sender.send(room, { sender: alice, type: 'm.room.message', content })).event.eventId;
    };
    const root = await say();
    const answer = await say('m.thread', root);
    await say('m.reference', answer);
    await fixture.restart();
    const { events } = fixture.engine;
    const byId = events.byId.bind(events);
    let isRedacted = false;
    events.byId = async (id) => {
      const found = await byId(id);
      if (id === answer && !isRedacted) {
        isRedacted = true;
        await fixture.redact(room, alice, answer);
      }
      return found;
    };
    const counted = opened();
    const counts = async (unread: UnreadEvents) => {
      const { main, threads } = (await unread.of(bob, await fixture.engine.rooms.joined(room))).counts;
      return [main.notifications, [...threads]];
    };
    expect(await counts(counted)).to.eql([2, []]);
    expect(isRedacted).to.equal(true);
    expect(await counts(opened())).to.eql([2, []]);
  });

  it('look at the power levels as they are now', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const levels = await fixture.set(room, alice, 'm.room.power_levels', {
      users: { [alice]: 100, [bob]: 10 },
      notifications: { room: 10 },
    });
    const counted = opened();
    const calls = async (): Promise<number> => {
      const content = { body: 'x', msgtype: 'm.text', 'm.mentions': { room: true } };
      await fixture.engine.sender.send(room, { sender: bob, type: 'm.room.message', content });
      return (await counted.of(alice, await fixture.engine.rooms.joined(room))).counts.main.highlights;
    };
    expect([await calls(), await calls()]).to.eql([1, 2]);
    // What is left of them says nothing of notifications, and the state of the room is still the same.
    await fixture.redact(room, alice, levels.event.eventId);
    expect(await calls()).to.equal(2);
  });

  it('do not keep rooms in memory', async () => {
    const roomId = await fixture.room(alice);
    await fixture.member(roomId, bob, 'join');
    await fixture.say(roomId, alice, 'one');
    const unread = opened();
    const counted = async (): Promise<[WeakRef<Room>, number]> => {
      const room = await fixture.engine.rooms.joined(roomId);
      const { main } = (await unread.of(bob, room)).counts;
      return [new WeakRef(room), main.notifications];
    };
    const [room, notifications] = await counted();
    fixture.engine.rooms.drop(room.deref()!.nid);
    await collected(room);
    expect(room.deref()).to.equal(undefined);
    expect((await counted())[1]).to.equal(notifications);
  });
});

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** As far as garbage goes within a few turns. */
const collected = async (room: WeakRef<Room>): Promise<void> => {
  for (let round = 0; round < 10 && room.deref(); round++) {
    await breathe();
    gc();
  }
};
