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

  describe('and forgotten', () => {
    const shown = async (room: string) => [
      (await page(bob, room)).status,
      textsOf((await archived(bob, room)).timeline.events),
    ];

    for (const [server, what] of [
      ['a.test', 'of this server'],
      ['b.test', 'that was had from elsewhere'],
    ] as const) {
      it(`stay so when one is invited again, and are back once one is (a room ${what})`, async () => {
        const carol = await network.person('carol', server);
        const room = await carol.createRoom();
        if (server !== 'a.test') await alice.join(room, [server]);
        await network.settle();
        await bob.join(room);
        await carol.say(room, 'heard');
        await network.settle();
        await bob.leave(room);
        expect(await shown(room)).to.eql([200, ['heard']]);
        await bob.forget(room);
        await network.settle();
        for (let round = 0; round < 2; round++) {
          await carol.invite(room, bob);
          await network.settle();
          expect((await page(bob, room)).status).to.equal(403);
          await bob.leave(room);
          expect(await shown(room)).to.eql([403, []]);
          const { timeline, state } = await archived(bob, room);
          expect([timeline.events.length, state.events.length]).to.eql([1, 0]);
          await network.settle();
        }
        await bob.join(room, [server]);
        expect(textsOf((await page(bob, room)).body.chunk)).to.eql(['heard']);
        await bob.leave(room);
        expect(await shown(room)).to.eql([200, ['heard']]);
        await carol.ban(room, bob);
        await network.settle();
        expect(await shown(room)).to.eql([200, ['heard']]);
      });
    }
  });

  describe('without ever having been there', () => {
    const knockable = { initial_state: [{ type: 'm.room.join_rules', content: { join_rule: 'knock' } }] };
    /** What somebody was in the room, wherever that is told, and whatever else is. */
    const toldIn = (section: any): unknown[] =>
      section.events.map(({ type, state_key, content }: any) => [type, state_key, content.membership]);

    for (const [what, membership, happens] of [
      [
        'with an invite that one declined',
        'leave',
        async (room: string) => {
          await alice.invite(room, bob);
          await bob.leave(room);
        },
      ],
      [
        'with an invite that was taken back',
        'leave',
        async (room: string) => {
          await alice.invite(room, bob);
          await alice.kick(room, bob);
        },
      ],
      [
        'with a knock that was not heard',
        'leave',
        async (room: string) => {
          await bob.knock(room);
          await alice.kick(room, bob);
        },
      ],
      ['with a ban', 'ban', (room: string) => alice.ban(room, bob)],
    ] as const) {
      it(`are told ${what}, by that alone, until they are forgotten`, async () => {
        const room = await alice.createRoom(knockable);
        await alice.say(room, 'unheard');
        const { next_batch: since } = await bob.ask('GET', '/sync');
        await happens(room);
        const own = [['m.room.member', bob.userId, membership]];
        const told = await archived(bob, room);
        expect([toldIn(told.state), toldIn(told.timeline)]).to.eql([[], own]);
        expect(await archived(bob, room, { since })).to.eql(told);
        const { state_after: after, timeline } = await archived(bob, room, { use_state_after: true });
        expect([toldIn(after), toldIn(timeline)]).to.eql([own, own]);
        expect((await bob.ask('GET', '/sync')).rooms?.leave ?? {}).not.to.have.property(room);
        expect((await page(bob, room)).status).to.equal(403);
        await bob.forget(room);
        expect(await archived(bob, room)).to.equal(undefined);
      });
    }

    it('are told where no more is known of them than that', async () => {
      const carol = await network.person('carol', 'b.test');
      const room = await carol.createRoom();
      await carol.invite(room, bob);
      await network.settle();
      expect(await archived(bob, room)).to.equal(undefined);
      const { next_batch: since } = await bob.ask('GET', '/sync');
      await bob.leave(room);
      await network.settle();
      const told = await archived(bob, room);
      expect([toldIn(told.state), toldIn(told.timeline)]).to.eql([[], [['m.room.member', bob.userId, 'leave']]]);
      expect(await archived(bob, room, { since })).to.eql(told);
    });
  });
});
