import { expect } from 'chai';
import type { RetentionRules } from '../../core/rooms/retention.ts';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import { Retention } from './retention.ts';
import { Expiry } from './expiry.ts';
import { MessagePurge } from './messages.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const alice = user('alice');

describe('messages that expire', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let txn = 0;
  const say = (roomId: Awaited<ReturnType<TestRooms['room']>>) =>
    test.sending.message(deviceOf(alice), {
      roomId,
      type: 'm.room.message',
      content: { body: 'x' },
      txnId: `${++txn}`,
    });

  it('are looked for where there are some, and nowhere else', async () => {
    const { db, clock } = test;
    const looked: number[] = [];
    /** As after a restart. */
    const expiry = (rules: RetentionRules) => {
      const engine = { ...test.engine, retention: new Retention({ db, clock, states: test.engine.states, rules }) };
      const messages = new MessagePurge(db, engine);
      const window = messages.window.bind(messages);
      messages.window = (room, ...args) => {
        looked.push(room);
        return window(room, ...args);
      };
      return new Expiry({ db, clock, engine, messages });
    };
    const run = async (rules: RetentionRules = { defaultMax: 3 * DAY_MS }) => {
      looked.length = 0;
      const removed = await expiry(rules).run();
      return [looked.length, removed];
    };
    const rooms = await Promise.all(Array.from({ length: 5 }, () => test.room(alice)));
    for (const room of rooms) await say(room);
    expect(await run()).to.eql([5, 0]);
    expect(await run()).to.eql([0, 0]);
    clock.advance(2 * DAY_MS);
    await say(rooms[0]!);
    expect(await run()).to.eql([0, 0]);
    clock.advance(DAY_MS + 1);
    // The last event of a room stays without its content.
    expect(await run()).to.eql([5, 1]);
    expect(await run()).to.eql([0, 0]);
    clock.advance(2 * DAY_MS);
    expect((await run())[0]).to.equal(1);
    // Other rules, by the room or by the server, are heeded at once.
    await say(rooms[1]!);
    await say(rooms[1]!);
    const wish = { type: 'm.room.retention', stateKey: '', sender: alice, content: { max_lifetime: HOUR_MS } };
    await test.engine.sender.send(rooms[1]!, wish);
    clock.advance(HOUR_MS + 1);
    // Two, and what was the last event before them.
    expect(await run()).to.eql([1, 3]);
    await test.engine.sender.send(rooms[1]!, { ...wish, content: {} });
    expect(await run()).to.eql([1, 0]);
    expect(await run()).to.eql([0, 0]);
    expect((await run({ defaultMax: HOUR_MS }))[0]).to.equal(5);
  });
});
