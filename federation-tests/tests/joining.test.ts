import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

describe('joining and leaving across servers', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  /** Both servers say the same of the room. */
  const expectAgreement = async (room: string) => {
    await network.settle();
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  };

  it('by alias: the directory names a server that knows the room', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: `den-${alice.name}` });
    expect(await bob.join(`#den-${alice.name}:a.test`)).to.equal(room);
    await expectAgreement(room);
    expect(await alice.members(room)).to.deep.equal({ [alice.userId]: 'join', [bob.userId]: 'join' });
  });

  it('by id, by way of a server that is named', async () => {
    const room = await alice.createRoom();
    expect(await bob.join(room, ['a.test'])).to.equal(room);
    await expectAgreement(room);
  });

  it('by id alone, which says nothing about where the room is', async () => {
    const room = await alice.createRoom();
    const answer = await bob.request('POST', `/join/${room}`, {});
    expect([answer.status, answer.body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
  });

  it('by invitation, accepted', async () => {
    const room = await alice.createRoom({ preset: 'private_chat', name: 'Den' });
    await alice.invite(room, bob);
    await bob.view.until('the invitation', ({ invited }) => invited.has(room));
    const stripped = bob.view.invited.get(room)!;
    expect(stripped.find(({ type }) => type === 'm.room.name').content).to.deep.equal({ name: 'Den' });
    expect(stripped.map(({ type }) => type)).to.include.members([
      'm.room.create',
      'm.room.join_rules',
      'm.room.member',
    ]);
    await bob.join(room);
    await bob.view.until('the room', ({ joined }) => joined.has(room));
    await alice.view.until(
      'bob',
      ({ joined }) => joined.get(room)?.state.get(`m.room.member ${bob.userId}`)?.membership === 'join',
    );
    await expectAgreement(room);
  });

  it('by invitation, rejected', async () => {
    const room = await alice.createRoom({ preset: 'private_chat' });
    await alice.invite(room, bob);
    await bob.view.until('the invitation', ({ invited }) => invited.has(room));
    await bob.leave(room);
    await bob.view.until('that it is gone', ({ left }) => left.has(room));
    await network.settle();
    expect((await alice.members(room))[bob.userId]).to.equal('leave');
    expect((await bob.request('POST', `/join/${room}?via=a.test`, {})).body.errcode).to.equal('M_FORBIDDEN');
  });

  it('not without an invitation, where one is needed', async () => {
    const room = await alice.createRoom({ preset: 'private_chat' });
    const answer = await bob.request('POST', `/join/${room}?via=a.test`, {});
    expect([answer.status, answer.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
  });

  it('is ended by a kick, after which one may come back', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await bob.view.until('the room', ({ joined }) => joined.has(room));
    await alice.kick(room, bob);
    await bob.view.until('the kick', ({ left }) => left.has(room));
    expect((await bob.request('PUT', `/rooms/${room}/send/m.room.message/1`, { body: 'no' })).status).to.equal(403);
    await bob.join(room, ['a.test']);
    await expectAgreement(room);
  });

  it('is ended by a ban, for as long as it stands', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await alice.ban(room, bob);
    await bob.view.until('the ban', ({ left }) => left.has(room));
    const refused = await bob.request('POST', `/join/${room}?via=a.test`, {});
    expect([refused.status, refused.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
    await alice.unban(room, bob);
    await network.settle();
    await bob.join(room, ['a.test']);
    await expectAgreement(room);
  });

  it('is ended by leaving, after which what happened meanwhile can be read', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await bob.leave(room);
    await network.settle();
    expect((await alice.members(room))[bob.userId]).to.equal('leave');
    await alice.say(room, 'while you were out');
    await alice.setState(room, ['m.room.name', ''], { name: 'New name' });
    await network.settle();
    await bob.join(room, ['a.test']);
    await expectAgreement(room);
    expect(await bob.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: 'New name' });
    expect((await bob.history(room)).map(({ content }) => content.body)).to.include('while you were out');
  });

  it('lets a second person of the same server in, and tells both servers', async () => {
    const room = await alice.createRoom();
    const eve = await network.person('eve', 'b.test');
    await bob.join(room, ['a.test']);
    await eve.join(room);
    await expectAgreement(room);
    expect(Object.keys(await alice.members(room))).to.have.members([alice.userId, bob.userId, eve.userId]);
  });
});
