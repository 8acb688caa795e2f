import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

describe('events and memberships, as clients read them', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  it('says how old they are, wherever they are read', async () => {
    const room = await alice.createRoom();
    await bob.join(room);
    const eventId = await alice.say(room, 'how time flies');
    const ages = async (person: Person): Promise<number[]> => {
      const path = pathOf(room);
      const { chunk } = await person.ask('GET', `${path}/messages?dir=b&limit=1`);
      const around = await person.ask('GET', `${path}/context/${encodeURIComponent(eventId)}`);
      const { rooms } = await person.ask('GET', '/sync');
      const synced = rooms.join[room].timeline.events.at(-1);
      const { body } = await person.event(room, eventId);
      return [...chunk, around.event, synced, body].map(({ unsigned }) => unsigned.age);
    };
    for (const person of [alice, bob]) expect(await ages(person)).to.deep.equal([0, 0, 0, 0]);
    network.clock.advance(61_000);
    for (const person of [alice, bob]) expect(await ages(person)).to.deep.equal([61_000, 61_000, 61_000, 61_000]);
  });

  it('takes an empty token for none', async () => {
    const room = await alice.createRoom();
    for (const [path, empty] of [
      ['messages?dir=b', '&from=&to='],
      ['messages?dir=f', '&from='],
      ['members?not_membership=leave', '&at='],
    ] as const) {
      const { chunk } = await alice.ask('GET', `${pathOf(room)}/${path}`);
      expect((await alice.ask('GET', `${pathOf(room)}/${path}${empty}`)).chunk, path).to.deep.equal(chunk);
    }
  });

  for (const where of ['a.test', 'b.test']) {
    it(`tells those who are invited on ${where} who invites them`, async () => {
      const carol = await network.person('carol', where);
      await alice.ask('PUT', `/profile/${encodeURIComponent(alice.userId)}/displayname`, { displayname: 'Alice' });
      const room = await alice.createRoom({ preset: 'private_chat', name: 'Den', invite: [carol.userId] });
      await carol.view.until('the invite', ({ invited }) => invited.has(room));
      const inviter = carol.view.invited.get(room)!.find(({ state_key: key }) => key === alice.userId);
      expect(inviter).to.deep.include({ type: 'm.room.member', sender: alice.userId });
      expect(inviter.content).to.include({ membership: 'join', displayname: 'Alice' });
    });
  }

  const levels: [what: string, content: object][] = [
    ['a user whose level is text', { users: { '@x:a.test': '50' } }],
    ['somebody who is no user', { users: { x: 50 } }],
    ['a list of users', { users: [] }],
    ['a level that is text', { ban: '50' }],
    ['a type whose level is null', { events: { 'm.room.name': null } }],
  ];
  for (const [what, content] of levels) {
    it(`calls power levels with ${what} malformed`, async () => {
      const room = await alice.createRoom();
      const answer = await alice.request('PUT', `${pathOf(room)}/state/m.room.power_levels`, content);
      expect([answer.status, answer.body.errcode]).to.deep.equal([400, 'M_BAD_JSON']);
    });
  }
});
