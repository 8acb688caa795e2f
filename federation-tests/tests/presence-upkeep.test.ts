import type { Json } from '@holm/spec/json';
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { letPass, MINUTE, ROUND, say, SECOND, statusOf, sync, threeWhoShareARoom, told } from '../src/presence.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import type { Rogue } from '../src/rogue.ts';
import { RogueRoom } from '../src/rogue-room.ts';

describe('presence, in the long run', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;

  const pass = (ms: number) => letPass(network, ms);
  const round = () => pass(ROUND);

  before(async () => {
    const config = { presence: { enabled: true, max_room_members: 4 } };
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test'], config));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    ({ alice, bob, carol, room } = await threeWhoShareARoom(network));
  });

  describe('costs little', () => {
    it('because many changes are told as one', async () => {
      await told(carol);
      const sent = network.link('a.test', 'b.test').bytes;
      await say(alice, { presence: 'online' });
      await round();
      const first = network.link('a.test', 'b.test').bytes - sent;
      await told(carol);
      for (let i = 0; i < 20; i++)
        await say(alice, { presence: i % 2 === 0 ? 'unavailable' : 'online', status_msg: `${i}` });
      await network.settle();
      expect(await told(carol)).to.eql({});
      await round();
      expect((await told(carol))[alice.userId]).to.include({ presence: 'online', status_msg: '19' });
      await round();
      expect((await told(bob))[alice.userId]).to.include({ presence: 'online', status_msg: '19' });
      expect(network.link('a.test', 'b.test').bytes - sent).to.be.lessThan(first * 3);
    });

    it('because nothing is written for who stays as they are', async () => {
      await pass(MINUTE); // whoever was here for the other tests has gone
      await sync(alice, { said: 'online' });
      await round();
      const server = network.server('a.test');
      const rows = () => server.rows(sql`SELECT *, xmin::text FROM presence ORDER BY user_id`);
      const before = await rows();
      expect(before).to.not.eql([]);
      for (let i = 0; i < 5; i++) {
        await sync(alice, { said: 'online' });
        await round();
      }
      expect(await rows()).to.eql(before);
    });
  });

  describe('survives a restart', () => {
    it('without being news, for who comes back; who does not is offline after a while', async () => {
      for (const person of [alice, carol]) await say(person, { presence: 'online', status_msg: 'here' });
      await round();
      await sync(bob);
      const dave = await network.person('dave', 'a.test');
      await dave.join(room);
      await sync(dave);
      await round();
      await sync(dave);
      await network.stop('a.test');
      network.clock.advance(10 * SECOND);
      await network.start('a.test');
      const [alice2, dave2] = [alice, dave].map((one) => Object.assign(one, { home: network.server('a.test') }));
      await sync(alice2!, { said: 'online' });
      await round();
      expect(await told(dave2!)).to.eql({});
      await sync(alice2!, { said: 'online' });
      for (let i = 0; i < 4; i++) {
        await pass(20 * SECOND);
        await sync(alice2!, { said: 'online' });
      }
      await round();
      expect(await told(dave2!)).to.deep.include({
        [carol.userId]: { presence: 'offline', last_active_ago: 110_000, status_msg: 'here' },
      });
      expect(await told(bob)).to.have.all.keys(carol.userId);
    });
  });

  describe('of other servers', () => {
    const push = (...entries: readonly Json[]) =>
      rogue.send(network.server('a.test'), 'PUT', `/_matrix/federation/v1/send/p${Math.random()}`, {
        origin: rogue.name,
        origin_server_ts: 1,
        pdus: [],
        edus: [{ edu_type: 'm.presence', content: { push: entries } }],
      });

    it('is believed for half an hour, and told again before that is over', async () => {
      await sync(bob, { said: 'online' });
      await round().then(round);
      expect((await told(alice))[bob.userId].presence).to.equal('online');
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 30; j++) {
          await pass(20 * SECOND);
          await sync(bob, { said: 'online' });
        }
        await bob.say(room, 'x');
        await round();
      }
      expect((await alice.request('GET', statusOf(bob))).body.presence).to.equal('online');
      network.cut('a.test', 'b.test');
      await pass(31 * MINUTE);
      await round();
      expect((await told(alice))[bob.userId].presence).to.equal('offline');
      await network.heal('a.test', 'b.test');
    });

    // At first nobody here knows of the user.
    for (const [when, presence] of [
      ['a moment before', 'unavailable'],
      ['a moment after', 'online'],
    ] as const) {
      it(`counts where it comes ${when} they are seen to join`, async () => {
        const user = `@mallory:${rogue.name}`;
        const small = await alice.createRoom();
        await sync(alice);
        const speak = () => push({ user_id: user, presence, last_active_ago: 0 });
        // In the round that looks at it, nobody shares a room with them.
        if (when === 'a moment before') await speak().then(round);
        await RogueRoom.join(rogue, network.server('a.test'), small);
        if (when === 'a moment after') await speak();
        await network.settle();
        await round().then(round);
        expect((await told(alice))[user]).to.include({ presence });
      });
    }

    it('does not count of users who are not theirs, or share no room, or are no users', async () => {
      const online = { presence: 'online', last_active_ago: 0 };
      const users = [alice.userId, bob.userId, `@eve:${rogue.name}`, 'nobody', 7];
      await push(...users.map((user_id) => ({ user_id, ...online })), 'no');
      await round();
      expect(await told(carol)).to.eql({});
    });
  });

  it('is all offline where it is switched off', async () => {
    await using other = await TestNetwork.start('c.test');
    const dave = await other.person('dave', 'c.test');
    expect((await say(dave, { presence: 'online', status_msg: 'here' })).body).to.eql({});
    expect((await dave.request('GET', statusOf(dave))).body).to.eql({ presence: 'offline' });
    expect((await dave.view.sync()).presence).to.equal(undefined);
  });
});
