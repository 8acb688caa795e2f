import { MatrixError } from '@holm/spec/errors';
import { RoomAlias, RoomId, ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestRooms, currentState, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';

const alice = user('alice');
const bob = user('bob');
const carol = user('carol');
const remote = user('remy', 'b.test');
const b = ServerName.parse('b.test');

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('membership', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());
  beforeEach(() => {
    test.asked.length = 0;
    test.remote = {};
  });

  const member = (roomId: RoomId, userId: string) => currentState(test, roomId, ['m.room.member', userId]);
  const versionOf = async (roomId: RoomId) => (await test.engine.rooms.joined(roomId)).head.version;

  it('begins with joining, by id or by alias, once', async () => {
    const roomId = await test.room(alice);
    test.profiles.set(bob, { displayname: 'Bob', avatar_url: 'mxc://a.test/b' });
    const alias = RoomAlias.parse('#door:a.test');
    test.aliases.set(alias, roomId);
    await test.entering.join(bob, await test.entering.find(alias, []), 'hello');
    const joined = { membership: 'join', displayname: 'Bob', avatar_url: 'mxc://a.test/b', reason: 'hello' };
    expect(await member(roomId, bob)).to.eql(joined);
    const version = await versionOf(roomId);
    await test.entering.join(bob, { roomId, via: [] });
    expect(await versionOf(roomId)).to.equal(version);
    expect(await test.membership.joinedRooms(bob)).to.include(roomId);
    expect(test.asked).to.eql([]);
  });

  it('needs an invite where the room says so', async () => {
    const roomId = await test.room(alice, {});
    expect(await test.entering.join(bob, { roomId, via: [] }).catch(code)).to.equal('M_FORBIDDEN');
    await test.membership.invite({ roomId, sender: alice, target: bob, reason: 'come' });
    expect(await member(roomId, bob)).to.include({ membership: 'invite', reason: 'come', displayname: 'Bob' });
    await test.entering.join(bob, { roomId, via: [] });
    expect(await member(roomId, bob)).to.include({ membership: 'join' });
  });

  it('asks another server for rooms that this one is not in', async () => {
    const roomId = RoomId.parse('!far:b.test');
    expect(await test.entering.join(bob, { roomId, via: [] }).catch(code)).to.equal('M_NOT_FOUND');
    expect(await test.entering.join(bob, { roomId, via: [test.engine.serverName] }).catch(code)).to.equal(
      'M_NOT_FOUND',
    );
    await test.entering.join(carol, { roomId, via: [b] }, 'hi');
    await test.entering.knock(carol, { roomId, via: [b, b] });
    expect(test.asked).to.eql([
      ['join', carol, roomId, [b], { membership: 'join', reason: 'hi' }],
      ['knock', carol, roomId, [b], { membership: 'knock' }],
    ]);
    const alias = RoomAlias.parse('#none:b.test');
    expect(await test.entering.find(alias, []).catch(code)).to.equal('M_NOT_FOUND');
  });

  it('has an invite signed by the server of the invited', async () => {
    const roomId = await test.room(alice);
    await test.membership.invite({ roomId, sender: alice, target: remote });
    expect(test.asked).to.eql([['invite', remote, b]]);
    expect(await member(roomId, remote)).to.eql({ membership: 'invite' });
  });

  it('does not store an invite that was refused, and does not ask for one that may not be', async () => {
    const roomId = await test.room(alice, { preset: 'public_chat' }, [bob]);
    test.remote = {
      async deliverInvite() {
        throw new MatrixError('M_INVITE_BLOCKED', 'no, thank you');
      },
    };
    const act = { roomId, target: remote };
    expect(await test.membership.invite({ ...act, sender: alice }).catch(code)).to.equal('M_INVITE_BLOCKED');
    expect(await test.membership.invite({ ...act, sender: bob }).catch(code)).to.equal('M_FORBIDDEN');
    expect(test.asked).to.have.length(1);
    expect(await member(roomId, remote)).to.equal(undefined);
  });

  it('places an invite on top of what was said while it was signed', async () => {
    const roomId = await test.room(alice);
    let asked = 0;
    test.remote = {
      async deliverInvite(event) {
        if (++asked <= 2) {
          const message = { roomId, type: 'm.room.message', content: {}, txnId: `busy${asked}` };
          await test.sending.message(deviceOf(alice), message);
        }
        return event;
      },
    };
    await test.membership.invite({ roomId, sender: alice, target: remote });
    expect(asked).to.equal(3);
    const room = await test.engine.rooms.joined(roomId);
    const newest = await test.engine.timeline.newest(room, 3);
    expect(newest.map(({ event }) => event.type)).to.eql(['m.room.message', 'm.room.message', 'm.room.member']);
    expect(room.head.extremities).to.have.length(1);
  });

  it('ends with leaving, after which the room can be forgotten', async () => {
    const roomId = await test.room(alice, { preset: 'public_chat' }, [bob]);
    expect(await test.membership.forget(bob, roomId).catch(code)).to.equal('M_UNKNOWN');
    await test.membership.leave(bob, roomId, 'bye');
    await test.membership.leave(bob, roomId);
    expect(await member(roomId, bob)).to.eql({ membership: 'leave', reason: 'bye' });
    await test.history.messages(deviceOf(bob), roomId, { dir: 'b' });
    await test.membership.forget(bob, roomId);
    await test.membership.forget(bob, roomId);
    expect(await test.history.messages(deviceOf(bob), roomId, { dir: 'b' }).catch(code)).to.equal('M_FORBIDDEN');
    const fresh = await test.again();
    expect(await fresh.history.messages(deviceOf(bob), roomId, { dir: 'b' }).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.membership.leave(carol, roomId).catch(code)).to.equal('M_NOT_FOUND');
    expect(await test.membership.forget(carol, roomId).catch(code)).to.equal('M_NOT_FOUND');
  });

  it('is lost by a kick, which needs power and somebody to remove', async () => {
    const roomId = await test.room(alice, { preset: 'public_chat' }, [bob, carol]);
    const kick = { roomId, sender: alice, target: bob, reason: 'noise' };
    expect(await test.membership.kick({ ...kick, sender: carol }).catch(code)).to.equal('M_FORBIDDEN');
    await test.membership.kick(kick);
    expect(await member(roomId, bob)).to.eql({ membership: 'leave', reason: 'noise' });
    expect(await test.membership.kick(kick).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.membership.kick({ ...kick, sender: bob, target: carol }).catch(code)).to.equal('M_FORBIDDEN');
  });

  it('is out of reach for the banned, until they are unbanned', async () => {
    const roomId = await test.room(alice, { preset: 'public_chat' }, [bob]);
    const act = { roomId, sender: alice, target: bob };
    expect(await test.membership.unban(act).catch(code)).to.equal('M_BAD_STATE');
    await test.membership.ban({ ...act, reason: 'enough' });
    expect(await member(roomId, bob)).to.eql({ membership: 'ban', reason: 'enough' });
    expect(await test.entering.join(bob, { roomId, via: [] }).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.membership.invite(act).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.membership.kick(act).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.membership.leave(bob, roomId).catch(code)).to.equal('M_FORBIDDEN');
    await test.membership.unban(act);
    await test.entering.join(bob, { roomId, via: [] });
  });

  it('can be knocked for', async () => {
    const rules = { type: 'm.room.join_rules', content: { join_rule: 'knock' } };
    const roomId = await test.room(alice, { initial_state: [rules] });
    await test.entering.knock(bob, { roomId, via: [] }, 'please');
    expect(await member(roomId, bob)).to.include({ membership: 'knock', reason: 'please' });
    await test.membership.invite({ roomId, sender: alice, target: bob });
    expect(await test.entering.knock(bob, { roomId, via: [] }).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.entering.knock(carol, { roomId: await test.room(alice), via: [] }).catch(code)).to.equal(
      'M_FORBIDDEN',
    );
  });

  it('of one room can let into another', async () => {
    const hall = await test.room(alice, {});
    const allow = [{ type: 'm.room_membership', room_id: hall }];
    const content = { join_rule: 'restricted', allow };
    const roomId = await test.room(alice, { initial_state: [{ type: 'm.room.join_rules', content }] });
    expect(await test.entering.join(bob, { roomId, via: [] }).catch(code)).to.equal('M_FORBIDDEN');
    await test.membership.invite({ roomId: hall, sender: alice, target: bob });
    await test.entering.join(bob, { roomId: hall, via: [] });
    await test.entering.join(bob, { roomId, via: [] });
    expect(await member(roomId, bob)).to.include({ membership: 'join', join_authorised_via_users_server: alice });
    await test.profileChanges.profileChanged(bob, { displayname: 'Robert' });
    expect(await member(roomId, bob)).to.eql({ membership: 'join', displayname: 'Robert' });
    expect(await member(hall, bob)).to.eql({ membership: 'join', displayname: 'Robert' });
  });

  it('may be written as state', async () => {
    const roomId = await test.room(alice, {});
    const put = (sender: typeof alice, target: string, content: object) =>
      test.membership.put(sender, roomId, target, content as never);
    await put(alice, bob, { membership: 'invite', 'org.example': 1 });
    expect(await member(roomId, bob)).to.eql({ membership: 'invite', 'org.example': 1 });
    await put(bob, bob, { membership: 'join', displayname: 'Bobby', join_authorised_via_users_server: alice });
    expect(await member(roomId, bob)).to.eql({
      membership: 'join',
      displayname: 'Bobby',
      avatar_url: 'mxc://a.test/b',
    });
    await put(alice, remote, { membership: 'invite' });
    expect(test.asked).to.eql([['invite', remote, b]]);
    expect(await put(alice, carol, { membership: 'join' }).catch(code)).to.equal('M_FORBIDDEN');
    expect(await put(alice, carol, { membership: 'guest' }).catch(code)).to.equal('M_BAD_JSON');
    expect(await put(alice, 'carol', { membership: 'invite' }).catch(code)).to.equal('M_BAD_JSON');
    expect(await put(carol, carol, { membership: 'join' }).catch(code)).to.equal('M_FORBIDDEN');
    const nowhere = test.membership.put(alice, RoomId.parse('!none:b.test'), alice, { membership: 'join' });
    expect(await nowhere.catch(code)).to.equal('M_FORBIDDEN');
  });

  it('in a room that all of ours have left is asked of those who are still there', async () => {
    const roomId = await test.room(alice);
    // As if the remote user's join had come from their server.
    await test.db.run({
      text: `INSERT INTO memberships SELECT room_nid, $2, 'join', event_nid, position, 'b.test', $2 FROM memberships
              WHERE user_id = $3 AND room_nid = (SELECT room_nid FROM rooms WHERE room_id = $1)`,
      values: [roomId, remote, alice],
    });
    const fresh = await test.again();
    await fresh.membership.leave(alice, roomId);
    await fresh.entering.join(alice, { roomId, via: [] });
    expect(test.asked).to.eql([['join', alice, roomId, [b], { membership: 'join' }]]);
  });
});
