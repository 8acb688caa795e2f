import { expect } from 'chai';
import { pathOf, textsOf } from '../src/people.ts';
import { inEachRoom } from './cast.ts';
import { eventually } from './pair.ts';

/** From here on, rooms can let in the members of others. */
const RESTRICTED_SINCE = 8;
const FORBIDDEN = [403, 'M_FORBIDDEN'];

inEachRoom('coming and going', (cast) => {
  it('a join by alias', async () => {
    const { host, guest, version } = cast;
    const room = await cast.publicRoom({ room_alias_name: host.name });
    expect((await host.stateAt(room, ['m.room.create', ''])).room_version).to.equal(version);
    expect(await guest.join(`#${host.name}:${host.home.name}`)).to.equal(room);
    await cast.agree(room);
    await cast.membership(guest, room, 'join');
  });

  it('an invitation, accepted', async () => {
    const { host, guest } = cast;
    const room = await cast.room({ preset: 'private_chat', name: 'Den' });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    const stripped = guest.view.invited.get(room)!;
    expect(stripped.find(({ type }) => type === 'm.room.name').content).to.deep.equal({ name: 'Den' });
    expect(stripped.map(({ type }) => type)).to.include.members(['m.room.create', 'm.room.join_rules']);
    await guest.join(room);
    await cast.membership(guest, room, 'join');
    await cast.agree(room);
  });

  it('an invitation that comes with the room', async () => {
    const { guest } = cast;
    const room = await cast.room({ invite: [guest.userId], is_direct: true });
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    const invite = guest.view.invited.get(room)!.find(({ state_key: key }) => key === guest.userId);
    expect(invite.content).to.deep.include({ membership: 'invite', is_direct: true });
    await guest.join(room);
    await cast.agree(room);
  });

  it('an invitation, rejected', async () => {
    const { host, guest } = cast;
    const room = await cast.room({ preset: 'private_chat' });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await guest.leave(room);
    await guest.view.until('that it is gone', ({ invited }) => !invited.has(room));
    await cast.membership(guest, room, 'leave');
    expect(await cast.refusal(guest, room)).to.deep.equal(FORBIDDEN);
  });

  it('an invitation, taken back, and another one', async () => {
    const { host, guest } = cast;
    const room = await cast.room({ preset: 'private_chat' });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await host.kick(room, guest);
    await guest.view.until('that it is gone', ({ invited }) => !invited.has(room));
    await host.invite(room, guest);
    await guest.view.until('the second', ({ invited }) => invited.has(room));
    await guest.join(room);
    await cast.agree(room);
  });

  it('an invitation back, after leaving', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    await guest.leave(room);
    await guest.view.until('that it is left', ({ left }) => left.has(room));
    await cast.membership(guest, room, 'leave');
    await host.setState(room, ['m.room.join_rules', ''], { join_rule: 'invite' });
    expect(await cast.refusal(guest, room)).to.deep.equal(FORBIDDEN);
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await guest.join(room);
    await cast.agree(room);
    await host.say(room, 'welcome back');
    await guest.view.untilMessage(room, 'welcome back');
  });

  it('an invitation by the guest, of somebody whose server is in the room', async () => {
    const { guest } = cast;
    const room = await cast.sharedRoom();
    const friend = await cast.another('friend', 'host');
    await guest.invite(room, friend);
    await friend.view.until('the invitation', ({ invited }) => invited.has(room));
    await friend.join(room);
    await cast.membership(friend, room, 'join');
    await cast.agree(room);
  });

  it('a kick, and coming back', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    await host.kick(room, guest);
    await guest.view.until('the kick', ({ left }) => left.has(room));
    expect((await guest.request('PUT', `${pathOf(room)}/send/m.room.message/1`, { body: 'no' })).status).to.equal(403);
    await cast.comeIn(guest, room);
    await cast.agree(room);
    await host.say(room, 'welcome back');
    await guest.view.untilMessage(room, 'welcome back');
  });

  it('a ban, for as long as it stands', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    await host.ban(room, guest);
    await guest.view.until('the ban', ({ left }) => left.has(room));
    expect(await cast.refusal(guest, room)).to.deep.equal(FORBIDDEN);
    await host.unban(room, guest);
    await cast.comeIn(guest, room);
    await cast.agree(room);
  });

  it('leaving, and coming back to what happened meanwhile', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    await guest.leave(room);
    await cast.membership(guest, room, 'leave');
    await host.say(room, 'while you were out');
    await host.setState(room, ['m.room.name', ''], { name: 'New name' });
    await cast.comeIn(guest, room);
    await cast.agree(room);
    expect(await guest.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: 'New name' });
    await eventually(async () => expect(textsOf(await guest.history(room))).to.include('while you were out'));
    await cast.agreeOnHistory(room);
  });

  it('the host leaving, and coming back by way of the guest', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    await host.leave(room);
    await eventually(async () => expect((await guest.members(room))[host.userId]).to.equal('leave'));
    await guest.say(room, 'all alone');
    await guest.setState(room, ['m.room.name', ''], { name: "The guest's" });
    await host.join(room, [guest.home.name]);
    await cast.agree(room);
    expect(await host.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: "The guest's" });
    await eventually(async () => expect(textsOf(await host.history(room))).to.include('all alone'));
    await host.say(room, 'there again');
    await guest.view.untilMessage(room, 'there again');
    await cast.agreeOnHistory(room);
  });

  it('a second person of the same server', async () => {
    const { host } = cast;
    const room = await cast.sharedRoom();
    const second = await cast.another('second', 'guest');
    await cast.comeIn(second, room);
    await cast.membership(second, room, 'join');
    await second.say(room, 'me, too');
    await host.view.untilMessage(room, 'me, too');
    await cast.agree(room);
  });

  it('a join by membership in another room', async function () {
    const { host, guest, version } = cast;
    if (Number(version) < RESTRICTED_SINCE) return this.skip();
    const club = await cast.publicRoom();
    const rule = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
    const room = await cast.publicRoom({
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content: rule }],
    });
    expect(await cast.refusal(guest, room)).to.deep.equal(FORBIDDEN);
    await guest.join(club, [host.home.name]);
    await cast.comeIn(guest, room);
    const member = await host.stateAt(room, ['m.room.member', guest.userId]);
    expect(member).to.deep.include({ membership: 'join', join_authorised_via_users_server: host.userId });
    await cast.agree(room);
    await guest.say(room, 'made it');
    await host.view.untilMessage(room, 'made it');
  });

  it('a new name of a member', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    const profile = `/profile/${encodeURIComponent(guest.userId)}`;
    await guest.ask('PUT', `${profile}/displayname`, { displayname: 'Guest of Honour' });
    const key = `m.room.member ${guest.userId}`;
    await host.view.until(
      'the new name',
      ({ joined }) => joined.get(room)?.state.get(key)?.displayname === 'Guest of Honour',
    );
    expect((await host.ask('GET', profile)).displayname).to.equal('Guest of Honour');
    await cast.agree(room);
  });
});
