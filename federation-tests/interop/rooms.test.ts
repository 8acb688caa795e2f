import { expect } from 'chai';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { eventually, otherSide, Pair, type Side, SIDES } from './pair.ts';

const VERSIONS = ['6', '9', '10', '11', '12'];
/** From here on, rooms can let in the members of others. */
const RESTRICTED_SINCE = 8;
/** More than a server asks for at once when it finds that it missed something. */
const MISSED = 30;

const TITLES: Readonly<Record<Side, string>> = {
  synapse: "we in Synapse's rooms",
  holm: 'Synapse in our rooms',
};

const roomTests = (pair: () => Pair, side: Side, version: string): void => {
  let host: Person;
  let guest: Person;
  beforeEach(async () => {
    host = await pair().person('host', side);
    guest = await pair().person('guest', otherSide(side));
  });
  afterEach(() => pair().heal());

  /** A room that anybody may join, and in which the guest may do what moderators do. */
  const publicRoom = (more: object = {}): Promise<string> =>
    host.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users_default: 50 },
      ...more,
    });

  const sharedRoom = async (): Promise<string> => {
    const room = await publicRoom();
    await guest.join(room, [host.home.name]);
    await Promise.all([host, guest].map((each) => each.view.until('the room', ({ joined }) => joined.has(room))));
    return room;
  };

  /** Both servers say the same of the room, key by key. */
  const agree = (room: string): Promise<void> =>
    eventually(async () => expect(await guest.state(room)).to.deep.equal(await host.state(room)));

  const expectMembership = (person: Person, room: string, membership: string): Promise<void> =>
    eventually(async () => expect((await host.members(room))[person.userId]).to.equal(membership));

  it('a join by alias', async () => {
    const room = await publicRoom({ room_alias_name: host.name });
    expect((await host.stateAt(room, ['m.room.create', ''])).room_version).to.equal(version);
    expect(await guest.join(`#${host.name}:${host.home.name}`)).to.equal(room);
    await agree(room);
    await expectMembership(guest, room, 'join');
  });

  it('a join by id, with the history from before it', async () => {
    const room = await publicRoom();
    const texts = Array.from({ length: 25 }, (_, index) => `before ${index}`);
    for (const text of texts) await host.say(room, text);
    await guest.join(room, [host.home.name]);
    await agree(room);
    await eventually(async () => {
      expect(textsOf(await guest.history(room, 10)).reverse()).to.deep.equal(texts);
    });
    const types = (await guest.history(room)).map(({ type }) => type);
    expect(types.at(-1)).to.equal('m.room.create');
  });

  it('an invitation, accepted', async () => {
    const room = await host.createRoom({ preset: 'private_chat', name: 'Den', room_version: version });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    const stripped = guest.view.invited.get(room)!;
    expect(stripped.find(({ type }) => type === 'm.room.name').content).to.deep.equal({ name: 'Den' });
    expect(stripped.map(({ type }) => type)).to.include.members(['m.room.create', 'm.room.join_rules']);
    await guest.join(room);
    await guest.view.until('the room', ({ joined }) => joined.has(room));
    await expectMembership(guest, room, 'join');
    await agree(room);
  });

  it('an invitation that comes with the room', async () => {
    const room = await host.createRoom({ invite: [guest.userId], is_direct: true, room_version: version });
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    const invite = guest.view.invited.get(room)!.find(({ state_key: key }) => key === guest.userId);
    expect(invite.content).to.deep.include({ membership: 'invite', is_direct: true });
    await guest.join(room);
    await agree(room);
  });

  it('an invitation, rejected', async () => {
    const room = await host.createRoom({ preset: 'private_chat', room_version: version });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await guest.leave(room);
    await guest.view.until('that it is gone', ({ left, invited }) => left.has(room) || !invited.has(room));
    await expectMembership(guest, room, 'leave');
    const refused = await guest.request('POST', `/join/${encodeURIComponent(room)}?via=${host.home.name}`, {});
    expect([refused.status, refused.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
  });

  it('an invitation, taken back', async () => {
    const room = await host.createRoom({ preset: 'private_chat', room_version: version });
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await host.kick(room, guest);
    await guest.view.until('that it is gone', ({ invited }) => !invited.has(room));
  });

  it('a kick, and coming back', async () => {
    const room = await sharedRoom();
    await host.kick(room, guest);
    await guest.view.until('the kick', ({ left }) => left.has(room));
    expect((await guest.request('PUT', `${pathOf(room)}/send/m.room.message/1`, { body: 'no' })).status).to.equal(403);
    await guest.join(room, [host.home.name]);
    await agree(room);
    await host.say(room, 'welcome back');
    await guest.view.untilMessage(room, 'welcome back');
  });

  it('a ban, for as long as it stands', async () => {
    const room = await sharedRoom();
    await host.ban(room, guest);
    await guest.view.until('the ban', ({ left }) => left.has(room));
    const refused = await guest.request('POST', `/join/${encodeURIComponent(room)}?via=${host.home.name}`, {});
    expect([refused.status, refused.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
    await host.unban(room, guest);
    await guest.join(room, [host.home.name]);
    await agree(room);
  });

  it('messages both ways, in order', async () => {
    const room = await sharedRoom();
    for (let turn = 0; turn < 3; turn++) {
      const [asked, answered] = [`question ${turn} – ü 🙂`, `answer ${turn}`];
      await host.say(room, asked);
      expect((await guest.view.untilMessage(room, asked)).sender).to.equal(host.userId);
      await guest.say(room, answered);
      expect((await host.view.untilMessage(room, answered)).sender).to.equal(guest.userId);
    }
    expect(textsOf(await guest.history(room))).to.deep.equal(textsOf(await host.history(room)));
    await agree(room);
  });

  it('state both ways', async () => {
    const room = await sharedRoom();
    await host.setState(room, ['m.room.topic', ''], { topic: 'Tea' });
    await guest.setState(room, ['m.room.name', ''], { name: 'Kitchen' });
    await guest.setState(room, ['org.example.thing', 'a/b c'], { deep: [{ er: null }, 1, -1, 'ü'] });
    await agree(room);
    const levels = await host.stateAt(room, ['m.room.power_levels', '']);
    await host.setState(room, ['m.room.power_levels', ''], { ...levels, users_default: 0 });
    await agree(room);
    expect(await host.stateAt(room, ['org.example.thing', 'a/b c'])).to.deep.equal({
      deep: [{ er: null }, 1, -1, 'ü'],
    });
    await eventually(async () => {
      const refused = await guest.request('PUT', `${pathOf(room)}/state/m.room.name/`, { name: 'no' });
      expect(refused.status).to.equal(403);
    });
    await agree(room);
  });

  it('leaving, and coming back to what happened meanwhile', async () => {
    const room = await sharedRoom();
    await guest.leave(room);
    await expectMembership(guest, room, 'leave');
    await host.say(room, 'while you were out');
    await host.setState(room, ['m.room.name', ''], { name: 'New name' });
    await guest.join(room, [host.home.name]);
    await agree(room);
    expect(await guest.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: 'New name' });
    await eventually(async () => expect(textsOf(await guest.history(room))).to.include('while you were out'));
  });

  it('a second person of the same server', async () => {
    const room = await sharedRoom();
    const second = await pair().person('second', otherSide(side));
    await second.join(room, [host.home.name]);
    await expectMembership(second, room, 'join');
    await second.say(room, 'me, too');
    await host.view.untilMessage(room, 'me, too');
    await agree(room);
  });

  it(`a gap of ${MISSED} messages`, async () => {
    const room = await sharedRoom();
    pair().cut();
    const texts = Array.from({ length: MISSED }, (_, index) => `missed ${index}`);
    for (const text of texts) await host.say(room, text);
    pair().heal();
    await host.say(room, 'there you are');
    await guest.view.untilMessage(room, 'there you are');
    await eventually(async () => {
      expect(textsOf(await guest.history(room)).reverse()).to.deep.equal([...texts, 'there you are']);
    });
    await agree(room);
  });

  it('a new name of a member', async () => {
    const room = await sharedRoom();
    const profile = `/profile/${encodeURIComponent(guest.userId)}`;
    await guest.ask('PUT', `${profile}/displayname`, { displayname: 'Guest of Honour' });
    await host.view.until(
      'the new name',
      ({ joined }) => joined.get(room)?.state.get(`m.room.member ${guest.userId}`)?.displayname === 'Guest of Honour',
    );
    expect((await host.ask('GET', profile)).displayname).to.equal('Guest of Honour');
    await agree(room);
  });

  it('redactions of one another', async () => {
    const room = await sharedRoom();
    const said = [await host.say(room, 'host said'), await guest.say(room, 'guest said')] as const;
    await host.view.untilMessage(room, 'guest said');
    await guest.view.untilMessage(room, 'host said');
    const redact = (by: Person, id: string) =>
      by.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(id)}/1`, { reason: 'oops' });
    await redact(host, said[1]);
    await redact(guest, said[0]);
    for (const person of [host, guest]) {
      for (const id of said) {
        await eventually(async () => expect((await person.event(room, id)).body.content).to.deep.equal({}));
      }
    }
  });

  if (Number(version) >= RESTRICTED_SINCE) {
    it('a join by membership in another room', async () => {
      const club = await publicRoom();
      const rule = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
      const room = await publicRoom({
        initial_state: [{ type: 'm.room.join_rules', state_key: '', content: rule }],
      });
      const path = `/join/${encodeURIComponent(room)}?via=${host.home.name}`;
      expect((await guest.request('POST', path, {})).status).to.equal(403);
      await guest.join(club, [host.home.name]);
      await guest.join(room, [host.home.name]);
      const member = await host.stateAt(room, ['m.room.member', guest.userId]);
      expect(member).to.deep.include({ membership: 'join', join_authorised_via_users_server: host.userId });
      await agree(room);
      await guest.say(room, 'made it');
      await host.view.untilMessage(room, 'made it');
    });
  }

  it('one mind after a conflict', async () => {
    const room = await sharedRoom();
    const [friend, stranger] = [await pair().person('friend', side), await pair().person('third', otherSide(side))];
    await friend.join(room);
    await stranger.join(room, [host.home.name]);
    await agree(room);
    const levels = await host.stateAt(room, ['m.room.power_levels', '']);
    pair().cut();
    await host.setState(room, ['m.room.topic', ''], { topic: "Host's" });
    await guest.setState(room, ['m.room.topic', ''], { topic: "Guest's" });
    await guest.setState(room, ['m.room.name', ''], { name: "Guest's" });
    await host.setState(room, ['m.room.avatar', ''], { url: 'mxc://localhost/host' });
    await stranger.setState(room, ['m.room.topic', ''], { topic: "Stranger's" });
    await host.ban(room, stranger);
    await host.setState(room, ['m.room.power_levels', ''], { ...levels, events: { 'm.room.name': 75 } });
    await host.say(room, 'is anybody there?');
    await guest.say(room, 'hello?');
    pair().heal();
    await host.say(room, 'there you are');
    await guest.say(room, 'and you');
    await host.view.untilMessage(room, 'and you');
    await guest.view.untilMessage(room, 'there you are');
    await agree(room);
    expect((await guest.members(room))[stranger.userId]).to.equal('ban');
    // What comes next ties the two ends together.
    await host.say(room, 'tied');
    await guest.view.untilMessage(room, 'tied');
    await agree(room);
    await eventually(async () => {
      expect(textsOf(await guest.history(room))).to.have.members(textsOf(await host.history(room)));
    });
  });
};

for (const version of VERSIONS) {
  describe(`room version ${version}`, () => {
    let pair: Pair;
    before(async () => {
      pair = await Pair.start();
    });
    after(() => (pair as Pair | undefined)?.[Symbol.asyncDispose]());
    for (const side of SIDES) describe(TITLES[side], () => roomTests(() => pair, side, version));
  });
}
