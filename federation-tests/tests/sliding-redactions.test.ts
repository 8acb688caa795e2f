import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

describe('state that is redacted, by sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => {
    network = await TestNetwork.start('a.test');
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
  });
  after(() => network[Symbol.asyncDispose]());

  const redact = (room: string, event: string) =>
    alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/${event}`, {});

  it('is told as it is then, with what follows for the name', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    const name = await alice.setState(room, ['m.room.name', ''], { name: 'A word' });
    const topic = await alice.setState(room, ['m.room.topic', ''], { topic: 'Words' });
    const slider = new Slider(bob);
    const asked = allRooms({ required_state: [['m.room.topic', '']] });
    expect((await slider.sync(asked)).rooms[room])
      .to.include({ name: 'A word' })
      .and.not.have.property('heroes');
    await redact(room, topic);
    const { required_state: state } = (await slider.sync(asked)).rooms[room];
    expect(state).to.have.lengthOf(1);
    expect(state[0]).to.deep.include({ event_id: topic, content: {} });
    await redact(room, name);
    const renamed = (await slider.sync(asked)).rooms[room];
    expect(renamed.name).to.equal(null);
    expect(renamed.heroes).to.eql([{ user_id: alice.userId }]);
    await alice.say(room, 'gone');
    expect((await slider.sync(asked)).rooms[room]).to.not.have.any.keys('required_state', 'name', 'heroes');
  });
});
