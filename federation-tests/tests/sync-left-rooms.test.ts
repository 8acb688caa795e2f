import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('rooms that one has left', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const archived = async (person: Person, room: string, more: object = {}): Promise<any> => {
    const filter = encodeURIComponent(JSON.stringify({ room: { include_leave: true, timeline: { limit: 50 } } }));
    const query = Object.entries(more).map(([name, value]) => `&${name}=${value}`);
    return (await person.ask('GET', `/sync?filter=${filter}${query.join('')}`)).rooms?.leave?.[room];
  };
  const page = (person: Person, room: string) => person.request('GET', `${pathOf(room)}/messages?dir=b&limit=50`);

  it('can be read up to then, however often one is banned and let off again', async () => {
    const room = await alice.createRoom();
    await alice.setState(room, ['m.room.topic', ''], { topic: 'before' });
    await bob.join(room);
    await alice.say(room, 'heard');
    const { [`m.room.member ${bob.userId}`]: join = '' } = await bob.state(room);
    await bob.leave(room);
    await alice.say(room, 'unheard');
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(join)}/r`, {});
    for (let i = 0; i < 11; i++) {
      await alice.ban(room, bob);
      await alice.unban(room, bob);
    }
    const { status, body } = await page(bob, room);
    expect(status).to.equal(200);
    expect(textsOf(body.chunk)).to.eql(['heard']);
    const { events } = (await archived(bob, room)).timeline;
    expect(textsOf(events)).to.eql(['heard']);
    expect(events.map(({ content }: any) => content.topic)).to.include('before');
  });
});
