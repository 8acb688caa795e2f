import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import type { Rogue } from '../src/rogue.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** What a person's next sync tells of a room beside events. */
const ephemeral = async (person: Person, room: string, type: string): Promise<any[]> => {
  const { rooms = {} } = await person.view.sync();
  const events: any[] = rooms.join?.[room]?.ephemeral?.events ?? [];
  return events.filter((event) => event.type === type).map(({ content }) => content);
};

const typing = (person: Person, room: string, body: object) =>
  person.request('PUT', `${pathOf(room)}/typing/${encodeURIComponent(person.userId)}`, body);

const receipt = (person: Person, room: string, [type, event]: readonly [string, string], body: object = {}) =>
  person.request('POST', `${pathOf(room)}/receipt/${type}/${encodeURIComponent(event)}`, body);

describe('typing and receipts', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    [alice, carol, bob] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('bob', 'b.test'),
    ]);
    room = await alice.createRoom();
    await Promise.all([carol.join(room), bob.join(room, ['a.test'])]);
    await network.settle();
    for (const person of [alice, carol, bob]) await person.view.sync();
  });

  describe('typing', () => {
    it('is seen on both servers, and that it ended, too', async () => {
      await typing(alice, room, { typing: true, timeout: 30_000 });
      await network.settle();
      const { userId } = alice;
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([{ user_ids: [userId] }]);
      expect(await ephemeral(bob, room, 'm.typing')).to.eql([{ user_ids: [userId] }]);
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([]);
      await typing(alice, room, { typing: false });
      await network.settle();
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([{ user_ids: [] }]);
      expect(await ephemeral(bob, room, 'm.typing')).to.eql([{ user_ids: [] }]);
    });

    it('ends by itself', async () => {
      await typing(bob, room, { typing: true, timeout: 10_000 });
      await network.settle();
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [bob.userId] }]);
      network.clock.advance(61_000);
      await network.settle();
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [] }]);
      expect(await ephemeral(bob, room, 'm.typing')).to.eql([{ user_ids: [] }]);
    });

    it('ends by itself on other servers as soon as on its own', async () => {
      await typing(bob, room, { typing: true, timeout: 10_000 });
      await network.settle();
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [bob.userId] }]);
      network.clock.advance(11_000);
      await network.settle();
      expect(await ephemeral(bob, room, 'm.typing')).to.eql([{ user_ids: [] }]);
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [] }]);
    });

    it('ends when somebody leaves', async () => {
      await typing(carol, room, { typing: true });
      await alice.view.sync();
      await carol.leave(room);
      await network.settle();
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [] }]);
    });

    it('that has ended while one was out of the room is over for who comes back', async () => {
      await typing(alice, room, { typing: true });
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([{ user_ids: [alice.userId] }]);
      await carol.leave(room);
      await typing(alice, room, { typing: false });
      await carol.join(room);
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([{ user_ids: [] }]);
    });

    it('is over after a restart, as clients are told, also where the clock was set back', async () => {
      await typing(carol, room, { typing: true });
      expect(await ephemeral(alice, room, 'm.typing')).to.eql([{ user_ids: [carol.userId] }]);
      await network.stop('a.test');
      network.clock.advance(-3_600_000);
      await network.start('a.test');
      const { ephemeral: told, state, timeline } = (await alice.view.sync()).rooms.join[room];
      expect(told.events).to.eql([{ type: 'm.typing', content: { user_ids: [] } }]);
      // To begin afresh would be to be told the whole room.
      expect([state.events, timeline.events]).to.eql([[], []]);
      expect((await alice.view.sync()).rooms).to.equal(undefined);
      network.clock.advance(3_600_000);
    });

    it('wakes a long poll', async () => {
      const answer = alice.view.sync(30_000);
      await typing(carol, room, { typing: true });
      expect((await answer).rooms.join[room].ephemeral.events).to.eql([
        { type: 'm.typing', content: { user_ids: [carol.userId] } },
      ]);
    });

    it('is told of oneself only, and in rooms that one is in', async () => {
      const path = `${pathOf(room)}/typing/${encodeURIComponent(bob.userId)}`;
      expect((await alice.request('PUT', path, { typing: true })).status).to.equal(403);
      const eve = await network.person('eve', 'a.test');
      expect((await typing(eve, room, { typing: true })).status).to.equal(403);
      expect((await typing(alice, room, { typing: 'yes' })).body.errcode).to.equal('M_BAD_JSON');
    });

    it('of strangers is not believed', async () => {
      const content = (user_id: string) => ({ room_id: room, user_id, typing: true });
      const edus = [alice.userId, bob.userId, '@eve:rogue.test', 'nobody'].map((user) => ({
        edu_type: 'm.typing',
        content: content(user),
      }));
      const answer = await rogue.send(network.server('a.test'), 'PUT', '/_matrix/federation/v1/send/t', {
        origin: rogue.name,
        origin_server_ts: 1,
        pdus: [],
        edus,
      });
      expect(answer.status).to.equal(200);
      expect(await ephemeral(carol, room, 'm.typing')).to.eql([]);
    });
  });

  describe('receipts', () => {
    let events: string[];
    const ts = () => network.clock.now();

    beforeEach(async () => {
      events = [];
      for (const text of ['one', 'two', 'three']) events.push(await alice.say(room, text));
      await network.settle();
      for (const person of [alice, carol, bob]) await person.view.sync();
    });

    it('are seen on both servers', async () => {
      expect(await receipt(bob, room, ['m.read', events[0]!])).to.include({ status: 200 });
      await network.settle();
      const told = [{ [events[0]!]: { 'm.read': { [bob.userId]: { ts: ts() } } } }];
      expect(await ephemeral(alice, room, 'm.receipt')).to.eql(told);
      expect(await ephemeral(bob, room, 'm.receipt')).to.eql(told);
      const late = await carol.login();
      expect(await ephemeral(late, room, 'm.receipt')).to.eql(told);
    });

    it('never go back, but in each thread for itself', async () => {
      await receipt(carol, room, ['m.read', events[2]!]);
      await receipt(carol, room, ['m.read', events[1]!]);
      await receipt(carol, room, ['m.read', events[0]!], { thread_id: 'main' });
      const contents = Object.assign({}, ...(await ephemeral(alice, room, 'm.receipt')));
      expect(Object.keys(contents)).to.have.members([events[2]!, events[0]!]);
      expect(contents[events[0]!]).to.eql({ 'm.read': { [carol.userId]: { ts: ts(), thread_id: 'main' } } });
    });

    for (const restarted of [false, true]) {
      it(`are told to a server that was away${restarted ? ', also by one that was started anew' : ''}`, async () => {
        const [one, two, three] = events as [string, string, string];
        const root = await alice.send(room, 'm.room.message', {
          body: 'in a thread',
          'm.relates_to': { rel_type: 'm.thread', event_id: one },
        });
        await network.settle();
        await bob.view.sync();
        network.cut('a.test', 'b.test');
        await receipt(carol, room, ['m.read', one]);
        await receipt(alice, room, ['m.read', two], { thread_id: 'main' });
        await network.settle();
        const early = ts();
        network.clock.advance(180_000);
        await receipt(alice, room, ['m.read', three]);
        await receipt(carol, room, ['m.read', two]);
        await receipt(carol, room, ['m.read', root], { thread_id: one });
        await receipt(carol, room, ['m.read.private', three]);
        await network.settle();
        if (restarted) {
          await network.stop('a.test');
          await network.start('a.test');
          await typing(carol, room, { typing: true });
        }
        await network.heal('a.test', 'b.test');
        const told = Object.assign({}, ...(await ephemeral(bob, room, 'm.receipt')));
        const at = early + 180_000;
        expect(told).to.eql({
          [two]: { 'm.read': { [carol.userId]: { ts: at }, [alice.userId]: { ts: early, thread_id: 'main' } } },
          [root]: { 'm.read': { [carol.userId]: { ts: at, thread_id: one } } },
          [three]: { 'm.read': { [alice.userId]: { ts: at } } },
        });
      });
    }

    it('of other servers are as these say last, whatever came first here', async () => {
      const inside = await RogueRoom.join(rogue, network.server('a.test'), room);
      await network.settle();
      const say = async (event: string, at: number) => {
        const content = { [room]: { 'm.read': { [inside.user]: { event_ids: [event], data: { ts: at } } } } };
        const edus = [{ edu_type: 'm.receipt', content }];
        await rogue.send(network.server('a.test'), 'PUT', `/_matrix/federation/v1/send/r${at}${event}`, {
          pdus: [],
          edus,
        });
        const told = await ephemeral(await alice.login(), room, 'm.receipt');
        return Object.keys(Object.assign({}, ...told));
      };
      const [one, two, three] = events as [string, string, string];
      const now = ts();
      expect(await say(three, now + 1)).to.eql([three]);
      expect(await say(one, now + 2)).to.eql([one]);
      expect(await say(two, now + 1)).to.eql([one]);
      // Its clock went wrong, and was set right.
      expect(await say(two, now + 3_600_000)).to.eql([two]);
      expect(await say(three, now + 3)).to.eql([three]);
    });

    it('are told once, however often somebody has read on since one looked', async () => {
      for (const event of events) await receipt(carol, room, ['m.read', event]);
      const told = [{ [events[2]!]: { 'm.read': { [carol.userId]: { ts: ts() } } } }];
      expect(await ephemeral(alice, room, 'm.receipt')).to.eql(told);
      expect(await ephemeral(await alice.login(), room, 'm.receipt')).to.eql(told);
    });

    it('that are private are told to nobody else', async () => {
      await receipt(bob, room, ['m.read.private', events[1]!]);
      await receipt(carol, room, ['m.read.private', events[1]!]);
      await network.settle();
      const own = [{ [events[1]!]: { 'm.read.private': { [carol.userId]: { ts: ts() } } } }];
      expect(await ephemeral(carol, room, 'm.receipt')).to.eql(own);
      expect(await ephemeral(await carol.login(), room, 'm.receipt')).to.eql(own);
      expect(await ephemeral(alice, room, 'm.receipt')).to.eql([]);
    });

    it('survive a restart', async () => {
      await receipt(carol, room, ['m.read', events[1]!]);
      await network.stop('a.test');
      await network.start('a.test');
      const told = [{ [events[1]!]: { 'm.read': { [carol.userId]: { ts: ts() } } } }];
      expect(await ephemeral(alice, room, 'm.receipt')).to.eql(told);
      expect(await ephemeral(alice, room, 'm.receipt')).to.eql([]);
    });

    it('belong to the thread that their event is in', async () => {
      const reply = await alice.send(room, 'm.room.message', {
        body: 'in a thread',
        'm.relates_to': { rel_type: 'm.thread', event_id: events[0] },
      });
      const answers = await Promise.all([
        receipt(carol, room, ['m.read', reply], { thread_id: events[0] }),
        receipt(carol, room, ['m.read', reply], { thread_id: 'main' }),
        receipt(carol, room, ['m.read', events[1]!], { thread_id: events[0] }),
        receipt(carol, room, ['m.read', events[1]!], { thread_id: '' }),
        receipt(carol, room, ['m.fully_read', events[1]!], { thread_id: 'main' }),
      ]);
      expect(answers.map(({ status, body }) => [status, body.errcode])).to.eql([
        [200, undefined],
        ...Array(4).fill([400, 'M_INVALID_PARAM']),
      ]);
    });

    it('are for events of rooms that one is in', async () => {
      const eve = await network.person('eve', 'a.test');
      const other = await eve.createRoom();
      const foreign = await eve.say(other, 'x');
      expect((await receipt(eve, room, ['m.read', events[0]!])).status).to.equal(403);
      expect((await receipt(carol, room, ['m.read', foreign])).status).to.equal(404);
      expect((await receipt(carol, room, ['m.read', '$unknown'])).status).to.equal(404);
      expect((await receipt(carol, room, ['m.seen', events[0]!])).status).to.equal(400);
    });

    it('do not tell whether there is an event that one may not see', async () => {
      const hidden = await alice.createRoom({
        preset: 'public_chat',
        initial_state: [
          { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } },
        ],
      });
      const before = await alice.say(hidden, 'nobody else knows');
      await carol.join(hidden);
      const since = await alice.say(hidden, 'hello');
      for (const type of ['m.read', 'm.read.private', 'm.fully_read']) {
        const [secret, unknown] = [
          await receipt(carol, hidden, [type, before]),
          await receipt(carol, hidden, [type, '$no']),
        ];
        expect([secret.status, secret.body]).to.eql([404, unknown.body]);
        expect((await receipt(carol, hidden, [type, since])).status).to.equal(200);
      }
      const marker = await carol.request('POST', `${pathOf(hidden)}/read_markers`, { 'm.fully_read': before });
      expect(marker.status).to.equal(404);
    });

    it('move the marker of what has been fully read, never back', async () => {
      const marker = async () =>
        (await carol.ask('GET', `/user/${encodeURIComponent(carol.userId)}${pathOf(room)}/account_data/m.fully_read`))
          .event_id;
      const [one, two, three] = events;
      await carol.ask('POST', `${pathOf(room)}/read_markers`, { 'm.fully_read': two, 'm.read': three });
      expect(await marker()).to.equal(two);
      const { rooms } = await carol.view.sync();
      expect(rooms.join[room].account_data.events).to.eql([{ type: 'm.fully_read', content: { event_id: two } }]);
      expect(rooms.join[room].ephemeral.events[0].content).to.have.keys(three!);
      await receipt(carol, room, ['m.fully_read', one!]);
      expect(await marker()).to.equal(two);
      await receipt(carol, room, ['m.fully_read', three!]);
      expect(await marker()).to.equal(three);
    });
  });
});
