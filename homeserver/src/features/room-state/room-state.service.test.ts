import { MatrixError } from '@holm/spec/errors';
import { RoomId, type UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { syncToken, timelineToken } from '../../streams/tokens.ts';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import type { MembersQuery } from './room-state.service.ts';

const alice = user('alice');
const bob = user('bob');
const carol = user('carol');

interface Member {
  readonly state_key: string;
  readonly content: { readonly membership: string };
}

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('state', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  const whole = async (texts: Promise<AsyncIterable<string>>) => (await Array.fromAsync(await texts)).join('');
  const setName = (roomId: RoomId, name: string) =>
    test.sending.state(alice, { roomId, type: 'm.room.name', stateKey: '', content: { name } });
  const nameFor = async (who: UserId, roomId: RoomId) =>
    JSON.parse(await test.state.one(deviceOf(who), { roomId, type: 'm.room.name', stateKey: '', format: 'content' }));
  const members = async (who: UserId, roomId: RoomId, query: MembersQuery = {}): Promise<string[]> => {
    const { chunk } = JSON.parse(await whole(test.state.members(deviceOf(who), roomId, query))) as { chunk: Member[] };
    return chunk
      .map(({ content: { membership }, state_key: stateKey }) => `${stateKey.slice(1, 2)} ${membership}`)
      .sort();
  };

  it('is the current one for members', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    await setName(roomId, 'One');
    const eventId = await setName(roomId, 'Two');
    expect(await nameFor(bob, roomId)).to.eql({ name: 'Two' });
    const query = { roomId, type: 'm.room.name', stateKey: '', format: 'event' } as const;
    const event = JSON.parse(await test.state.one(deviceOf(bob), query));
    expect(event).to.include({ event_id: eventId, room_id: roomId, sender: alice, state_key: '' });
    expect(event.unsigned.prev_content).to.eql({ name: 'One' });
    const all = JSON.parse(await whole(test.state.all(deviceOf(bob), roomId)));
    expect(all).to.have.length(8);
    const missing = { roomId, type: 'm.room.name', stateKey: 'x', format: 'content' } as const;
    expect(await test.state.one(deviceOf(bob), missing).catch(code)).to.equal('M_NOT_FOUND');
  });

  it('is that of their leaving for those who left, and nobody else sees it', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    await setName(roomId, 'One');
    await test.membership.leave(bob, roomId);
    await setName(roomId, 'Two');
    await test.entering.join(carol, { roomId, via: [] });
    for (const { state } of [test, await test.again()]) {
      const query = { roomId, type: 'm.room.name', stateKey: '', format: 'content' } as const;
      expect(await state.one(deviceOf(bob), query)).to.equal('{"name":"One"}');
    }
    expect(await members(bob, roomId)).to.eql(['a join', 'b leave']);
    expect(await test.state.joined(bob, roomId).catch(code)).to.equal('M_FORBIDDEN');
    const stranger = user('stranger');
    expect(await nameFor(stranger, roomId).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.state.all(deviceOf(stranger), roomId).catch(code)).to.equal('M_FORBIDDEN');
    expect(await members(stranger, roomId).catch(code)).to.equal('M_FORBIDDEN');
    expect(await members(alice, RoomId.parse('!none:a.test')).catch(code)).to.equal('M_FORBIDDEN');
  });

  it('is shown to the invited only once they joined', async () => {
    const roomId = await test.room(alice, {});
    await test.membership.invite({ roomId, sender: alice, target: bob });
    expect(await members(bob, roomId).catch(code)).to.equal('M_FORBIDDEN');
  });

  it('is open to all where the room is open to the world', async () => {
    const content = { history_visibility: 'world_readable' };
    const roomId = await test.room(alice, { initial_state: [{ type: 'm.room.history_visibility', content }] });
    await setName(roomId, 'One');
    expect(await nameFor(bob, roomId)).to.eql({ name: 'One' });
    expect(await test.state.joined(bob, roomId).catch(code)).to.equal('M_FORBIDDEN');
  });

  it('of members can be picked by membership, and by time', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const { head } = await test.engine.rooms.joined(roomId);
    const then = [timelineToken(head.lastOrd), syncToken([test.engine.stream.settled])];
    await test.membership.leave(bob, roomId);
    await test.membership.invite({ roomId, sender: alice, target: carol });
    expect(await members(alice, roomId)).to.eql(['a join', 'b leave', 'c invite']);
    expect(await members(alice, roomId, { membership: 'invite' })).to.eql(['c invite']);
    expect(await members(alice, roomId, { not_membership: 'leave' })).to.eql(['a join', 'c invite']);
    expect(await members(alice, roomId, { membership: 'join', not_membership: 'leave' })).to.eql([
      'a join',
      'c invite',
    ]);
    for (const at of then) expect(await members(alice, roomId, { at })).to.eql(['a join', 'b join']);
    const { head: now } = await test.engine.rooms.joined(roomId);
    expect(await members(alice, roomId, { at: timelineToken(now.lastOrd) })).to.have.length(3);
    expect(await members(bob, roomId, { at: timelineToken(now.lastOrd) })).to.eql(['a join', 'b leave']);
    expect(await members(alice, roomId, { at: 'then' }).catch(code)).to.equal('M_INVALID_PARAM');
  });

  it('names those who are in the room', async () => {
    test.profiles.set(bob, { displayname: 'Bob', avatar_url: 'mxc://a.test/b' });
    const roomId = await test.room(alice, undefined, [bob, carol]);
    await test.membership.leave(carol, roomId);
    expect(JSON.parse(await whole(test.state.joined(alice, roomId)))).to.eql({
      joined: { [alice]: {}, [bob]: { display_name: 'Bob', avatar_url: 'mxc://a.test/b' } },
    });
  });
});
