import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const byId = (events: any[], id: string) => events.find(({ event_id }) => event_id === id);

describe('history, as each reader gets it', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test', 'c.test')));
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const filter = (value: object) => `filter=${encodeURIComponent(JSON.stringify(value))}`;
  const page = (person: Person, room: string, query = 'dir=b&limit=50') =>
    person.ask('GET', `${pathOf(room)}/messages?${query}`);
  const closed = (history_visibility: string) => ({
    preset: 'public_chat',
    initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility } }],
  });

  it('says what the reader was in the room when it happened', async () => {
    const room = await alice.createRoom();
    const early = await alice.say(room, 'early');
    await alice.invite(room, bob);
    const invited = await alice.say(room, 'invited');
    await bob.join(room);
    const joined = await alice.say(room, 'joined');
    await bob.leave(room);
    await bob.join(room);
    const seen = [early, invited, joined];
    const membershipsIn = (events: any[]) => seen.map((id) => byId(events, id)?.unsigned.membership);
    expect(membershipsIn((await page(bob, room)).chunk)).to.eql(['leave', 'invite', 'join']);
    expect(membershipsIn((await page(alice, room)).chunk)).to.eql(['join', 'join', 'join']);
    const own = (await page(bob, room)).chunk.filter((event: any) => event.state_key === bob.userId);
    expect(own.map(({ unsigned, content }: any) => [content.membership, unsigned.membership])).to.eql(
      ['join', 'leave', 'join', 'invite'].map((membership) => [membership, membership]),
    );
    expect((await bob.event(room, early)).body.unsigned.membership).to.equal('leave');
    const context = await bob.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(invited)}`);
    expect(context.event.unsigned.membership).to.equal('invite');
    // In syncs, too: at first, later, and for both of two who share a timeline.
    const wide = filter({ room: { timeline: { limit: 50 } } });
    const first = await bob.ask('GET', `/sync?${wide}`);
    expect(membershipsIn(first.rooms.join[room].timeline.events)).to.eql(['leave', 'invite', 'join']);
    const carol = await network.person('carol', 'a.test');
    const before = await carol.ask('GET', `/sync?${wide}`);
    await carol.join(room);
    const last = await alice.say(room, 'last');
    for (const [person, since] of [
      [carol, before],
      [bob, first],
    ] as const) {
      const answer = await person.ask('GET', `/sync?${wide}&since=${since.next_batch}`);
      const { events } = answer.rooms.join[room].timeline;
      expect(byId(events, last).unsigned.membership).to.equal('join');
      expect(membershipsIn(events)).to.eql(person === carol ? ['leave', 'leave', 'leave'] : seen.map(() => undefined));
    }
  });

  it('shows what state was before to those alone who may see it', async () => {
    const room = await alice.createRoom(closed('joined'));
    const secret = await alice.setState(room, ['m.room.topic', ''], { topic: 'secret' });
    await bob.join(room);
    const since = (await bob.ask('GET', '/sync')).next_batch;
    const next = await alice.setState(room, ['m.room.topic', ''], { topic: 'open' });
    const last = await alice.setState(room, ['m.room.topic', ''], { topic: 'more' });
    for (const [person, sees] of [
      [alice, true],
      [bob, false],
    ] as const) {
      const events = [
        byId((await page(person, room)).chunk, next),
        (await person.event(room, next)).body,
        byId((await person.ask('GET', '/sync')).rooms.join[room].timeline.events, next),
      ];
      for (const { unsigned } of events) {
        expect(unsigned.replaces_state).to.equal(secret);
        expect(unsigned.prev_content).to.eql(sees ? { topic: 'secret' } : undefined);
      }
      expect((await person.event(room, last)).body.unsigned.prev_content).to.eql({ topic: 'open' });
    }
    const news = await bob.ask('GET', `/sync?since=${since}`);
    const told = byId(news.rooms.join[room].timeline.events, next);
    expect([told.unsigned.replaces_state, told.unsigned.prev_content]).to.eql([secret, undefined]);
  });

  it('tells the transaction id to the device that sent an event, and who redacted it to all', async () => {
    const room = await alice.createRoom();
    const other = await alice.login();
    await bob.join(room);
    const { event_id: id } = await alice.ask('PUT', `${pathOf(room)}/send/m.room.message/mine`, { body: 'x' });
    const txn = async (person: Person) => byId((await page(person, room)).chunk, id).unsigned.transaction_id;
    expect([await txn(alice), await txn(other), await txn(bob)]).to.eql(['mine', undefined, undefined]);
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(id)}/r`, { reason: 'because' });
    const redacted = byId((await page(bob, room)).chunk, id);
    expect(redacted.content).to.eql({});
    expect(redacted.unsigned.redacted_because).to.deep.include({ sender: alice.userId, type: 'm.room.redaction' });
    expect(redacted.unsigned.age).to.be.a('number');
  });

  it('is what a sync stopped at, from either end', async () => {
    const room = await alice.createRoom();
    for (let i = 0; i < 5; i++) await alice.say(room, `${i}`);
    const { next_batch: token } = await alice.ask('GET', '/sync');
    for (let i = 5; i < 12; i++) await alice.say(room, `${i}`);
    const cut = filter({ room: { timeline: { limit: 2 } } });
    const { timeline } = (await alice.ask('GET', `/sync?since=${token}&${cut}`)).rooms.join[room];
    expect(textsOf(timeline.events)).to.eql(['10', '11']);
    const gap = `from=${timeline.prev_batch}&to=${token}`;
    expect(textsOf((await page(alice, room, `dir=b&limit=50&${gap}`)).chunk)).to.eql(['9', '8', '7', '6', '5']);
    const upwards = await page(alice, room, `dir=f&limit=50&from=${token}&to=${timeline.prev_batch}`);
    expect(textsOf(upwards.chunk)).to.eql(['5', '6', '7', '8', '9']);
    expect(upwards).not.to.have.property('end');
  });

  it('can be read by anybody where the room is open to the world', async () => {
    const room = await alice.createRoom(closed('world_readable'));
    const open = await alice.say(room, 'open');
    expect(textsOf((await page(bob, room)).chunk)).to.eql(['open']);
    expect((await bob.event(room, open)).body.unsigned.membership).to.equal('leave');
    await alice.setState(room, ['m.room.history_visibility', ''], { history_visibility: 'shared' });
    await alice.say(room, 'for members');
    expect((await bob.request('GET', `${pathOf(room)}/messages?dir=b`)).body.errcode).to.equal('M_FORBIDDEN');
    expect((await bob.event(room, open)).status).to.equal(404);
  });

  it('says what the state was at the last event around one', async () => {
    const room = await alice.createRoom();
    const said = await alice.say(room, 'said');
    await alice.setState(room, ['m.room.topic', ''], { topic: 'one' });
    await alice.setState(room, ['m.room.topic', ''], { topic: 'two' });
    for (const [limit, topics] of [
      [2, ['one']],
      [4, ['two']],
      [0, []],
    ] as const) {
      const { state } = await alice.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(said)}?limit=${limit}`);
      const told = state.filter(({ type }: any) => type === 'm.room.topic').map(({ content }: any) => content.topic);
      expect(told, `${limit}`).to.eql(topics);
    }
  });

  it('is had from whoever has it, when others do not answer', async () => {
    const room = await alice.createRoom();
    for (let i = 0; i < 15; i++) await alice.say(room, `${i}`);
    // The server with most people in the room is asked first.
    for (const name of ['ben', 'bill']) await (await network.person(name, 'b.test')).join(room, ['a.test']);
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    network.cut('b.test', 'c.test');
    const texts = textsOf((await page(carol, room)).chunk).reverse();
    expect(texts).to.eql(Array.from({ length: 15 }, (_, i) => `${i}`));
    await network.heal('b.test', 'c.test');
  });

  it('is in the order of its arrival on each server, also after a fork, and the same for syncs', async () => {
    const carol = await network.person('carol', 'b.test');
    const room = await alice.createRoom();
    await carol.join(room, ['a.test']);
    await network.settle();
    const { next_batch: since } = await alice.ask('GET', '/sync');
    network.cut('a.test', 'b.test');
    await alice.say(room, 'a1');
    await carol.say(room, 'b1');
    await alice.say(room, 'a2');
    await carol.say(room, 'b2');
    await network.heal('a.test', 'b.test');
    await alice.say(room, 'a3');
    await network.settle();
    const order = ['a1', 'a2', 'b1', 'b2', 'a3'];
    const read = textsOf((await page(alice, room)).chunk).reverse();
    expect(read).to.have.members(order);
    expect(read.filter((text) => text.startsWith('a'))).to.eql(['a1', 'a2', 'a3']);
    const { timeline } = (await alice.ask('GET', `/sync?since=${since}`)).rooms.join[room];
    expect(textsOf(timeline.events)).to.eql(read);
    const forwards = textsOf((await page(alice, room, 'dir=f&limit=50')).chunk);
    expect(forwards).to.eql(read);
    expect(textsOf((await page(carol, room)).chunk)).to.have.members(order);
  });
});
