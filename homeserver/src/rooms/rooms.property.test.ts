import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import { createTestRooms, deviceOf, type RoomFeatures, type TestRooms, user } from '../testing/room-features.ts';

const alice = user('alice');
const people = [alice, user('bob'), user('carol'), user('dan')];

interface Step {
  readonly who: UserId;
  readonly act: 'join' | 'leave' | 'say' | 'name' | 'invite' | 'kick' | 'ban' | 'unban';
  readonly target: UserId;
  /** Does not wait for the step before it. */
  readonly atOnce: boolean;
}

const anyone = fc.constantFrom(...people);
const steps = fc.array(
  fc.record<Step>({
    who: fc.oneof(fc.constant(alice), anyone),
    act: fc.constantFrom('join', 'leave', 'say', 'name', 'invite', 'kick', 'ban', 'unban'),
    target: anyone,
    atOnce: fc.boolean(),
  }),
  { minLength: 5, maxLength: 30 },
);

describe('rooms, whatever is done to them', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let count = 0;
  const doing: Record<Step['act'], (roomId: RoomId, step: Step) => Promise<unknown>> = {
    join: (roomId, { who }) => test.entering.join(who, { roomId, via: [] }),
    leave: (roomId, { who }) => test.membership.leave(who, roomId),
    say: (roomId, { who }) =>
      test.sending.message(deviceOf(who), { roomId, type: 'm.x', content: {}, txnId: `p${++count}` }),
    name: (roomId, { who, target }) =>
      test.sending.state(who, { roomId, type: 'm.room.name', stateKey: '', content: { name: target } }),
    invite: (roomId, { who, target }) => test.membership.invite({ roomId, sender: who, target }),
    kick: (roomId, { who, target }) => test.membership.kick({ roomId, sender: who, target }),
    ban: (roomId, { who, target }) => test.membership.ban({ roomId, sender: who, target }),
    unban: (roomId, { who, target }) => test.membership.unban({ roomId, sender: who, target }),
  };
  const run = async (roomId: RoomId, wanted: readonly Step[]): Promise<void> => {
    const pending: Promise<unknown>[] = [];
    for (const step of wanted) {
      const done = doing[step.act](roomId, step).catch((error: unknown) => {
        if (!(error instanceof MatrixError) || error.status >= 500) throw error;
      });
      pending.push(done);
      if (!step.atOnce) await Promise.all(pending.splice(0));
    }
    await Promise.all(pending);
  };

  /** Everything that is kept beside the events, as it follows from them. */
  const check = async ({ engine }: RoomFeatures, roomId: RoomId): Promise<unknown> => {
    const room = await engine.rooms.joined(roomId);
    const { head } = room;
    const timeline = await engine.timeline.page(room, { from: 0, direction: 'forward', limit: 1000 });
    expect(timeline.map(({ ord }) => ord)).to.eql(timeline.map((_, i) => i + 1));
    const state = new Map<string, string>();
    const snapshotOf = async (snapshot: number) =>
      (await engine.states.all(snapshot)).map(({ event }) => [`${event.type} ${event.stateKey}`, event.eventId]);
    for (const [i, { event, snapshot }] of timeline.entries()) {
      expect(event.prevEvents).to.eql(i === 0 ? [] : [timeline[i - 1]?.event.eventId]);
      expect(await snapshotOf(snapshot ?? -1)).to.have.deep.members([...state]);
      if (event.stateKey !== undefined) state.set(`${event.type} ${event.stateKey}`, event.eventId);
    }
    expect(await snapshotOf(head.snapshot)).to.have.deep.members([...state]);
    expect(head.extremities.map(({ eventId }) => eventId)).to.eql([timeline.at(-1)?.event.eventId]);
    const joined: UserId[] = [];
    for (const person of people) {
      const stored = await engine.states.get(room, head.snapshot, ['m.room.member', person]);
      const member = (await engine.userRooms.of(person)).get(room.nid);
      expect([member?.membership, member?.eventNid]).to.eql([stored?.event.content['membership'], stored?.nid]);
      if (member?.membership === 'join') joined.push(person);
    }
    const { local, servers } = await room.members.load(engine.serverName);
    expect([...local]).to.have.members(joined);
    expect([...servers]).to.eql(joined.length === 0 ? [] : [[engine.serverName, joined.length]]);
    return [...state];
  };

  it('agree with their events, before and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('1', '6', '11', '12'), steps, async (version, wanted) => {
        const roomId = await test.room(alice, { preset: 'public_chat', room_version: version });
        await run(roomId, wanted);
        const now = await check(test, roomId);
        expect(await check(await test.again(), roomId)).to.have.deep.members(now as unknown[]);
      }),
      { numRuns: 25 },
    );
  }).timeout(60_000);
});
