import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('what events say about others', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
  });
  after(() => network[Symbol.asyncDispose]());

  const v1 = async (person: Person, path: string) => {
    const answer = await call('GET', `${person.home.url}/_matrix/client/v1${path}`, { token: person.token });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const children = (person: Person, event: string, more = '') =>
    v1(person, `${pathOf(room)}/relations/${encodeURIComponent(event)}${more}`);
  const relate = (relType: string, event: string, more: object = {}) => ({
    msgtype: 'm.text',
    body: relType,
    ...more,
    'm.relates_to': { rel_type: relType, event_id: event },
  });
  const say = (person: Person, relType: string, event: string, more: object = {}) =>
    person.send(room, 'm.room.message', relate(relType, event, more));
  const edit = (person: Person, event: string, text: string) =>
    say(person, 'm.replace', event, { 'm.new_content': { msgtype: 'm.text', body: text } });
  const react = (person: Person, event: string, key: string) =>
    person.send(room, 'm.reaction', { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key } });
  const redact = (person: Person, event: string) =>
    person.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/r${event.slice(1, 20)}`, {});
  const bundle = async (person: Person, event: string) =>
    (await person.event(room, event)).body.unsigned['m.relations'];
  const ids = (events: any[]) => events.map(({ event_id: id }) => id as string);

  it('can be listed, by kind and type, in pages and both ways', async () => {
    const root = await alice.say(room, 'root');
    const first = await react(alice, root, '1');
    await network.settle();
    const second = await say(bob, 'm.reference', root);
    await network.settle();
    const third = await react(alice, root, '3');
    await network.settle();
    for (const person of [alice, bob]) {
      expect(ids((await children(person, root)).chunk)).to.eql([third, second, first]);
      expect(ids((await children(person, root, '?dir=f')).chunk)).to.eql([first, second, third]);
      expect(ids((await children(person, root, '/m.annotation')).chunk)).to.eql([third, first]);
      expect(ids((await children(person, root, '/m.reference/m.room.message')).chunk)).to.eql([second]);
      expect(await children(person, root, '/m.reference/m.reaction')).to.eql({ chunk: [] });
      const page = await children(person, root, '?limit=2');
      expect(page).not.to.have.property('prev_batch');
      const next = await children(person, root, `?limit=2&from=${page.next_batch}`);
      expect(ids(next.chunk)).to.eql([first]);
      expect(next).not.to.have.property('next_batch');
      expect(next.prev_batch).to.equal(page.next_batch);
      expect(ids((await children(person, root, `?to=${page.next_batch}`)).chunk)).to.eql([third, second]);
    }
  });

  it('can be listed with what is said about them in turn', async () => {
    const root = await alice.say(room, 'root');
    const answer = await say(alice, 'm.thread', root);
    const reaction = await react(bob, answer, 'x').catch(async () => {
      await network.settle();
      return react(bob, answer, 'x');
    });
    await network.settle();
    expect(ids((await children(alice, root)).chunk)).to.eql([answer]);
    const all = await children(alice, root, '?recurse=true');
    expect(ids(all.chunk)).to.eql([reaction, answer]);
    expect(all.recursion_depth).to.be.at.least(3);
    expect((await children(alice, root, '?recurse=false')).recursion_depth).to.equal(1);
    expect(ids((await children(alice, root, '/m.annotation?recurse=true')).chunk)).to.eql([]);
    expect(ids((await children(alice, root, '?recurse=true&dir=f&limit=1')).chunk)).to.eql([answer]);
  });

  it('are told with the event: the newest valid edit, and references', async () => {
    const root = await alice.say(room, 'root');
    await edit(alice, root, 'one');
    network.clock.advance(10);
    const last = await edit(alice, root, 'two');
    await edit(bob, root, 'not mine').catch(() => undefined);
    await say(alice, 'm.replace', root);
    const reference = await say(alice, 'm.reference', root);
    await network.settle();
    for (const person of [alice, bob]) {
      const relations = await bundle(person, root);
      expect(relations['m.replace']).to.include({ event_id: last, sender: alice.userId, room_id: room });
      expect(relations['m.replace'].content['m.new_content'].body).to.equal('two');
      expect(relations['m.reference']).to.eql({ chunk: [{ event_id: reference }] });
      expect(Object.keys(relations)).to.have.members(['m.replace', 'm.reference']);
      expect((await person.event(room, root)).body.content.body).to.equal('root');
    }
  });

  it('cannot be edits of edits, of state, or of what has been taken back', async () => {
    const root = await alice.say(room, 'root');
    const first = await edit(alice, root, 'one');
    await edit(alice, first, 'an edit of an edit');
    const topic = await alice.setState(room, ['m.room.topic', ''], { topic: 'x' });
    await alice.send(room, 'm.room.topic', { ...relate('m.replace', topic), 'm.new_content': { topic: 'y' } });
    expect(await bundle(alice, first)).to.equal(undefined);
    expect(await bundle(alice, topic)).to.equal(undefined);
    expect((await bundle(alice, root))['m.replace'].event_id).to.equal(first);
    await redact(alice, root);
    expect(await bundle(alice, root)).to.equal(undefined);
  });

  it('end when they are taken back', async () => {
    const root = await alice.say(room, 'root');
    const one = await edit(alice, root, 'one');
    network.clock.advance(10);
    const two = await edit(alice, root, 'two');
    const reaction = await react(alice, root, 'x');
    await redact(alice, two);
    await redact(alice, reaction);
    await network.settle();
    for (const person of [alice, bob]) {
      expect((await bundle(person, root))['m.replace'].event_id).to.equal(one);
      expect(ids((await children(person, root)).chunk)).to.eql([one]);
    }
    // Who has taken it back may say it again.
    expect(await react(alice, root, 'x')).to.match(/^\$/);
  });

  it('are said once by each', async () => {
    const root = await alice.say(room, 'root');
    const content = { 'm.relates_to': { rel_type: 'm.annotation', event_id: root, key: '👍' } };
    const path = (txn: string, type = 'm.reaction') => `${pathOf(room)}/send/${type}/${txn}`;
    const first = await alice.ask('PUT', path('once'), content);
    expect(await alice.ask('PUT', path('once'), content)).to.eql(first);
    const again = await alice.request('PUT', path('twice'), content);
    expect([again.status, again.body.errcode]).to.eql([400, 'M_DUPLICATE_ANNOTATION']);
    expect((await alice.request('PUT', path('type', 'm.other'), content)).status).to.equal(200);
    await react(alice, root, '👎');
    await network.settle();
    await react(bob, root, '👍');
    const both = await Promise.all(
      ['x', 'y'].map((txn) =>
        alice.request('PUT', path(txn), {
          'm.relates_to': { rel_type: 'm.annotation', event_id: root, key: 'at once' },
        }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).to.eql([200, 400]);
    await network.stop('a.test');
    await network.start('a.test');
    const after = await call('PUT', `${network.server('a.test').url}/_matrix/client/v3${path('once')}`, {
      token: alice.token,
      body: content,
    });
    expect(after.body).to.eql(first);
  });

  it('are known when they come before what they speak of', async () => {
    const dan = await network.person('dan', 'b.test');
    const other = await alice.createRoom();
    room = other;
    const root = await alice.say(room, 'long ago');
    for (let i = 0; i < 30; i++) await alice.say(room, `between ${i}`);
    const answer = await edit(alice, root, 'edited');
    await dan.join(room, ['a.test']);
    await network.settle();
    const page = await dan.ask('GET', `${pathOf(room)}/messages?dir=b&limit=10`);
    expect(textsOf(page.chunk)).to.include('m.replace').and.not.include('long ago');
    expect((await dan.event(room, root)).status).to.equal(404);
    const parent = (await dan.history(room)).find(({ event_id: id }) => id === root);
    expect(parent.unsigned['m.relations']['m.replace'].event_id).to.equal(answer);
    expect(ids((await children(dan, root)).chunk)).to.eql([answer]);
  });

  it('are told with pages, with what is around an event, and with timelines that are cut short', async () => {
    const root = await alice.say(room, 'root');
    const change = await edit(alice, root, 'edited');
    const isEdited = (events: any[]) => {
      const event = events.find(({ event_id: id }) => id === root);
      expect(event.unsigned['m.relations']?.['m.replace']?.event_id).to.equal(change);
    };
    isEdited((await alice.ask('GET', `${pathOf(room)}/messages?dir=b`)).chunk);
    const context = await alice.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(change)}`);
    isEdited(context.events_before);
    isEdited([(await alice.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(root)}`)).event]);
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 3 } } }));
    const { timeline } = (await alice.ask('GET', `/sync?filter=${filter}`)).rooms.join[room];
    expect(timeline.limited).to.equal(true);
    isEdited(timeline.events);
    const told = timeline.events.find(({ event_id: id }: any) => id === root);
    expect(told.unsigned['m.relations']['m.replace']).not.to.have.property('room_id');
    isEdited((await alice.ask('GET', `/sync?filter=${filter}`)).rooms.join[room].timeline.events);
  });

  it('are nothing to those who may not see them, nor to who ignores their sender', async () => {
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    const root = await carol.say(room, 'root');
    await edit(carol, root, 'seen');
    const seen = await say(alice, 'm.reference', root);
    await carol.leave(room);
    await say(alice, 'm.reference', root);
    network.clock.advance(10);
    const left = await bundle(carol, root);
    expect(left['m.reference'].chunk).to.eql([{ event_id: seen }]);
    expect(ids((await children(carol, root, '/m.reference')).chunk)).to.eql([seen]);
    const eve = await network.person('eve', 'a.test');
    expect((await eve.request('GET', `${pathOf(room)}/event/${encodeURIComponent(root)}`)).status).to.equal(404);
    const url = `${eve.home.url}/_matrix/client/v1${pathOf(room)}/relations/${encodeURIComponent(root)}`;
    expect((await call('GET', url, { token: eve.token })).body.errcode).to.equal('M_NOT_FOUND');
    const path = `/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`;
    await carol.ask('PUT', path, { ignored_users: { [alice.userId]: {} } });
    expect(await bundle(carol, root)).to.have.keys('m.replace');
    expect((await children(carol, root, '/m.reference')).chunk).to.eql([]);
  });
});
