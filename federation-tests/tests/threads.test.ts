import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('threads', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
    room = await alice.createRoom();
    await bob.join(room);
  });
  after(() => network[Symbol.asyncDispose]());

  const answer = (person: Person, root: string, body = 'answer') =>
    person.send(room, 'm.room.message', {
      msgtype: 'm.text',
      body,
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    });
  const get = (person: Person, query = '') =>
    call('GET', `${person.home.url}/_matrix/client/v1${pathOf(room)}/threads${query}`, { token: person.token });
  const list = async (person: Person, query = '') => (await get(person, query)).body;
  const ids = (events: any[]) => events.map(({ event_id: id }) => id as string);
  const threadOf = async (person: Person, root: string) =>
    (await person.event(room, root)).body.unsigned['m.relations']?.['m.thread'];

  it('are told with what they begin with: how many, the last, and whether one takes part', async () => {
    const carol = await network.person('carol', 'b.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    const root = await alice.say(room, 'root');
    await answer(bob, root, 'first');
    const last = await answer(bob, root, 'second');
    await bob.send(room, 'm.room.message', {
      body: '* third',
      'm.new_content': { body: 'third' },
      'm.relates_to': { rel_type: 'm.replace', event_id: last },
    });
    await network.settle();
    for (const [person, participated] of [
      [alice, true],
      [bob, true],
      [carol, false],
    ] as const) {
      const thread = await threadOf(person, root);
      expect([thread.count, thread.current_user_participated]).to.eql([2, participated]);
      expect(thread.latest_event).to.include({ event_id: last, room_id: room });
      expect(thread.latest_event.unsigned['m.relations']['m.replace'].content['m.new_content'].body).to.equal('third');
    }
    await answer(carol, root);
    expect((await threadOf(carol, root)).current_user_participated).to.equal(true);
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 4 } } }));
    for (const [person, participated] of [
      [bob, true],
      [carol, true],
    ] as const) {
      await network.settle();
      const { timeline } = (await person.ask('GET', `/sync?filter=${filter}`)).rooms.join[room];
      const event = timeline.events.find(({ event_id: id }: any) => id === root) ?? timeline.events[0];
      if (event.event_id === root) {
        expect(event.unsigned['m.relations']['m.thread'].current_user_participated).to.equal(participated);
      }
    }
  });

  it('do not leak from one reader to the next', async () => {
    const root = await alice.say(room, 'root');
    const dora = await network.person('dora', 'a.test');
    await dora.join(room);
    await answer(bob, root);
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 3 } } }));
    const took = async (person: Person) => {
      const { timeline } = (await person.ask('GET', `/sync?filter=${filter}`)).rooms.join[room];
      const event = timeline.events.find(({ event_id: id }: any) => id === root);
      return event.unsigned['m.relations']['m.thread'].current_user_participated;
    };
    expect([await took(alice), await took(dora), await took(bob), await took(dora)]).to.eql([true, false, true, false]);
  });

  it('are listed by what was said last, all or those that one takes part in', async () => {
    const roots: string[] = [];
    for (const person of [alice, bob, alice]) roots.push(await person.say(room, 'root\u0000'));
    const [one, two, three] = roots as [string, string, string];
    for (const root of [one, two, three, one]) await answer(alice, root);
    await alice.say(room, 'no thread');
    const all = await list(bob);
    expect(ids(all.chunk)).to.eql([one, three, two]);
    expect(all).not.to.have.property('next_batch');
    expect(all.chunk[0].unsigned['m.relations']['m.thread'].count).to.equal(2);
    expect(ids((await list(bob, '?include=participated')).chunk)).to.eql([two]);
    await answer(bob, three);
    expect(ids((await list(bob, '?include=participated')).chunk)).to.eql([three, two]);
    const page = await list(bob, '?limit=2');
    expect(ids(page.chunk)).to.eql([three, one]);
    const rest = await list(bob, `?limit=2&from=${page.next_batch}`);
    expect(ids(rest.chunk)).to.eql([two]);
    expect(rest).not.to.have.property('next_batch');
    expect((await get(bob, '?from=nonsense')).body.errcode).to.equal('M_INVALID_PARAM');
    expect((await get(bob, '?limit=0')).status).to.equal(400);
    const eve = await network.person('eve', 'a.test');
    expect((await get(eve)).body.errcode).to.equal('M_FORBIDDEN');
  });

  it('lose what is taken back, and are as they were for who has left', async () => {
    const root = await alice.say(room, 'root');
    const other = await alice.say(room, 'other');
    await answer(alice, root, 'first');
    await answer(bob, other);
    const gone = await answer(alice, root, 'second');
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(gone)}/x`, {});
    expect((await threadOf(bob, root)).latest_event.content.body).to.equal('first');
    expect(ids((await list(bob)).chunk)).to.eql([other, root]);
    await bob.leave(room);
    await answer(alice, root, 'third');
    await answer(alice, await alice.say(room, 'new'));
    expect(ids((await list(bob)).chunk)).to.eql([other, root]);
    expect((await threadOf(bob, root)).count).to.equal(1);
  });

  it('are told without whom one ignores, and without what one may not see', async () => {
    const root = await bob.say(room, 'root');
    await answer(alice, root, 'first');
    await answer(bob, root, 'second');
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    const path = `/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`;
    await carol.ask('PUT', path, { ignored_users: { [bob.userId]: {} } });
    // What it begins with was said by whom she ignores.
    expect((await carol.event(room, root)).status).to.equal(404);
    const thread = (await list(carol)).chunk[0].unsigned['m.relations']['m.thread'];
    expect([thread.count, thread.latest_event.content.body]).to.eql([1, 'first']);
    expect((await list(carol)).chunk[0].content).to.eql({});
    await carol.ask('PUT', path, { ignored_users: {} });
    expect((await threadOf(carol, root)).count).to.equal(2);
    expect((await list(carol)).chunk[0].content.body).to.equal('root');
    // From here on, who comes sees only what is said while they are there.
    await alice.setState(room, ['m.room.history_visibility', ''], { history_visibility: 'joined' });
    const second = await alice.say(room, 'second root');
    await answer(alice, second, 'with carol');
    await carol.leave(room);
    await answer(alice, second, 'without carol');
    await carol.join(room);
    const seen = await threadOf(carol, second);
    expect([seen.count, seen.latest_event.content.body]).to.eql([1, 'with carol']);
    expect((await threadOf(alice, second)).count).to.equal(2);
  });

  it('cannot begin with what is said about something else', async () => {
    const root = await alice.say(room, 'root');
    const first = await answer(alice, root);
    const content = { body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: first } };
    const refused = await alice.request('PUT', `${pathOf(room)}/send/m.room.message/nested`, content);
    expect([refused.status, refused.body.errcode]).to.eql([400, 'M_UNKNOWN']);
    const reply = await alice.send(room, 'm.room.message', {
      body: 'a reply is no such relation',
      'm.relates_to': { 'm.in_reply_to': { event_id: root } },
    });
    await answer(alice, reply);
    expect((await threadOf(alice, reply)).count).to.equal(1);
    const elsewhere = await alice.say(await alice.createRoom(), 'elsewhere');
    const other = { body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: elsewhere } };
    expect((await alice.request('PUT', `${pathOf(room)}/send/m.room.message/other`, other)).status).to.equal(400);
  });
});
