import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

const block = (person: Person, content: object = { default_action: 'block' }) =>
  person.ask('PUT', `/user/${encodeURIComponent(person.userId)}/account_data/m.invite_permission_config`, content);

/** https://spec.matrix.org/latest/client-server-api/#invite-permission */
describe('who takes no invites', () => {
  let network: TestNetwork;
  let carol: Person;
  let alice: Person;
  let bob: Person;

  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());

  beforeEach(async () => {
    [alice, carol, bob] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('bob', 'b.test'),
    ]);
  });

  const refusal = { status: 403, body: { errcode: 'M_INVITE_BLOCKED' } };
  /** The ways to be invited, by who is already there. */
  const invite = (by: Person, room: string) => [
    () => by.request('POST', `${pathOf(room)}/invite`, { user_id: carol.userId }),
    () => by.request('PUT', `${pathOf(room)}/state/m.room.member/${carol.userId}`, { membership: 'invite' }),
    () => by.request('POST', '/createRoom', { invite: [carol.userId] }),
  ];
  const invitesOf = async (person: Person) => Object.keys((await person.ask('GET', '/sync')).rooms?.invite ?? {});
  const listOf = async (person: Person) =>
    Object.keys((await new Slider(person, 'invites').sync(allRooms({ filters: { is_invite: true } }))).rooms);

  for (const server of ['a.test', 'b.test']) {
    it(`is invited by nobody of ${server}, in any way`, async () => {
      const by = server === 'a.test' ? alice : bob;
      const room = await by.createRoom({ preset: 'private_chat' });
      await block(carol);
      for (const way of invite(by, room)) expect(await way()).to.deep.include({ status: refusal.status });
      for (const way of invite(by, room)) expect((await way()).body).to.include(refusal.body);
      expect(await by.members(room)).to.eql({ [by.userId]: 'join' });
      await block(carol, {});
      for (const way of invite(by, room)) expect(await way()).to.include({ status: 200 });
    });
  }

  it('keeps a room from being made with them, but for one of another server, who is asked when it is there', async () => {
    await block(bob);
    expect((await alice.request('POST', '/createRoom', { invite: [bob.userId] })).body).to.include(refusal.body);
    expect((await alice.ask('GET', '/joined_rooms')).joined_rooms).to.have.length(1);
    await block(carol);
    const both = { invite: [carol.userId], preset: 'private_chat' };
    expect((await alice.request('POST', '/createRoom', both)).body).to.include(refusal.body);
    expect((await alice.ask('GET', '/joined_rooms')).joined_rooms).to.have.length(1);
  });

  it('is not shown invites from before, until they take some again', async () => {
    const room = await alice.createRoom({ preset: 'private_chat' });
    await alice.invite(room, carol);
    await block(carol);
    expect(await invitesOf(carol)).to.eql([]);
    expect(await listOf(carol)).to.eql([]);
    expect(await alice.members(room)).to.eql({ [alice.userId]: 'join', [carol.userId]: 'invite' });
    for (const content of [{ default_action: 'allow' }, { default_action: null }, {}]) {
      await block(carol);
      expect(await invitesOf(carol)).to.eql([]);
      await block(carol, content);
      expect(await invitesOf(carol)).to.eql([room]);
      expect(await listOf(carol)).to.eql([room]);
    }
    await carol.join(room);
  });

  it('goes where they want to by themselves', async () => {
    await block(carol);
    const rooms = await Promise.all([alice, bob].map((person) => person.createRoom()));
    await carol.join(rooms[0]!);
    await carol.join(rooms[1]!, ['b.test']);
    expect((await carol.ask('GET', '/joined_rooms')).joined_rooms).to.have.members(rooms);
  });

  it('may invite others', async () => {
    await block(carol);
    const room = await carol.createRoom({ preset: 'private_chat' });
    await carol.invite(room, alice);
    await carol.invite(room, bob);
    expect(await invitesOf(alice)).to.eql([room]);
  });
});
