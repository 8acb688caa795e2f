import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const isOfType =
  (wanted: string) =>
  ({ type }: any): boolean =>
    type === wanted;

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

  it('is told as it is then where the redaction is in a gap', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'A word', topic: 'Words' });
    await bob.join(room);
    const slider = new Slider(bob, 'gaps');
    const asked = allRooms({ required_state: [['m.room.topic', '']] });
    const [topic] = (await slider.sync(asked)).rooms[room].required_state;
    const [{ event_id: name }] = (await alice.ask('GET', `${pathOf(room)}/state`)).filter(isOfType('m.room.name'));
    for (const event of [topic.event_id, name]) await redact(room, event);
    for (const text of ['one', 'two']) await alice.say(room, text);
    const told = (await slider.sync(asked)).rooms[room];
    expect(told).to.include({ limited: true, name: null });
    expect(told.required_state.map(({ event_id: id, content }: any) => [id, content])).to.eql([[topic.event_id, {}]]);
    expect(told.heroes).to.eql([{ user_id: alice.userId }]);
    await alice.say(room, 'three');
    expect((await slider.sync(asked)).rooms[room]).to.not.have.any.keys('required_state', 'name', 'heroes');
  });

  it('is told of members, who may be what a room is named by', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    const rename = (displayname: string) =>
      alice.setState(room, ['m.room.member', alice.userId], { membership: 'join', displayname });
    const slider = new Slider(bob, 'members');
    const asked = allRooms({ required_state: [['m.room.member', '$LAZY']] });
    const told = async () => (await slider.sync(asked)).rooms[room];
    const membersIn = ({ required_state: state = [] }: any) =>
      state.map(({ event_id: id, content }: any) => [id, content]);
    const first = await rename('A word');
    expect((await told()).heroes).to.eql([{ user_id: alice.userId, displayname: 'A word' }]);
    await redact(room, first);
    const redacted = await told();
    expect(redacted.heroes).to.eql([{ user_id: alice.userId }]);
    expect(membersIn(redacted)).to.eql([[first, { membership: 'join' }]]);
    const second = await rename('Another');
    await told();
    await redact(room, second);
    for (const text of ['one', 'two']) await bob.say(room, text);
    // Whoever changed in a gap is told of when they are needed: by what is left of them, the room is named.
    const named = await told();
    expect(named.heroes).to.eql([{ user_id: alice.userId }]);
    expect(membersIn(named)).to.include.deep.members([[second, { membership: 'join' }]]);
    await alice.say(room, 'three');
    expect(membersIn(await told())).to.eql([]);
  });
});
