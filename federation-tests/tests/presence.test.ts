import { expect } from 'chai';
import { call } from '../src/http.ts';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { letPass, MINUTE, ROUND, say, SECOND, statusOf, sync, threeWhoShareARoom, told } from '../src/presence.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import type { Rogue } from '../src/rogue.ts';
import { TestSocket } from '../src/socket.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('presence', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;

  const pass = (ms: number) => letPass(network, ms);
  const round = () => pass(ROUND);
  /** So that other servers tell it, too. */
  const rounds = () => round().then(round);

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

  describe('is seen by those who share a room', () => {
    it('when a client follows the stream, and when it has gone', async () => {
      await sync(alice, { said: 'online' });
      await round();
      const online = { presence: 'online', currently_active: true, last_active_ago: ROUND };
      expect(await told(carol)).to.eql({ [alice.userId]: online });
      expect((await told(bob))[alice.userId]).to.include({ presence: 'online', currently_active: true });
      expect(await told(carol)).to.eql({});
      await pass(30 * SECOND);
      await rounds();
      for (const person of [carol, bob]) {
        expect((await told(person))[alice.userId])
          .to.include({ presence: 'offline' })
          .and.not.have.property('currently_active');
      }
    });

    it('also where a client does not say what it is, and not where it says that it is offline', async () => {
      await alice.view.sync();
      await sync(carol, { said: 'offline' });
      await round();
      expect(Object.keys(await told(bob))).to.eql([alice.userId]);
    });

    it('in a first sync: who is not offline', async () => {
      await sync(alice, { said: 'unavailable' });
      await round();
      const late = await carol.login();
      const { presence } = await sync(late);
      expect(presence.events.map(({ sender, content }: any) => [sender, content.presence])).to.eql([
        [alice.userId, 'unavailable'],
      ]);
    });

    it('in long polls, which it wakes', async () => {
      const answer = sync(carol, { timeout: 30_000 });
      await say(alice, { presence: 'online', status_msg: 'here' });
      await round();
      const [event] = (await answer).presence.events;
      expect(event).to.deep.include({ type: 'm.presence', sender: alice.userId });
      expect(event.content).to.include({ presence: 'online', status_msg: 'here' });
    });

    it('and by nobody else', async () => {
      const eve = await network.person('eve', 'a.test');
      await sync(eve);
      await say(alice, { presence: 'online' });
      await round();
      expect(await told(eve)).to.eql({});
      expect((await sync(await eve.login())).presence).to.equal(undefined);
      expect((await eve.request('GET', statusOf(alice))).body.errcode).to.equal('M_FORBIDDEN');
      expect((await eve.request('GET', '/presence/%40nobody%3Aa.test/status')).body.errcode).to.equal('M_FORBIDDEN');
      expect((await eve.request('GET', statusOf(eve))).body).to.eql({ presence: 'offline' });
    });

    it('but not in rooms that are large', async () => {
      const eve = await network.person('eve', 'a.test');
      const others = await Promise.all(['x', 'y'].map((name) => network.person(name, 'a.test')));
      const large = await alice.createRoom();
      for (const person of [eve, ...others]) await person.join(large);
      await say(alice, { presence: 'online' });
      await round();
      expect(Object.keys(await told(eve))).to.eql([alice.userId]);
      // One more than four.
      await carol.join(large);
      await say(alice, { presence: 'unavailable' });
      await round();
      expect(await told(eve)).to.eql({});
      expect((await eve.request('GET', statusOf(alice))).status).to.equal(403);
      expect(Object.keys(await told(carol))).to.eql([alice.userId]);
    });

    it('by who comes into the room, both ways', async () => {
      const [eve, fred] = [await network.person('eve', 'a.test'), await network.person('fred', 'b.test')];
      await sync(eve);
      await sync(fred);
      for (const person of [alice, eve]) await say(await person.login(), { presence: 'online' });
      await round();
      const small = await alice.createRoom();
      for (const person of [alice, eve, fred]) await sync(person);
      await eve.join(small);
      await fred.join(small, ['a.test']);
      await network.settle();
      await rounds();
      expect(Object.keys(await told(alice))).to.eql([eve.userId]);
      expect(Object.keys(await told(eve))).to.eql([alice.userId]);
      expect(Object.keys(await told(fred)).sort()).to.eql([alice.userId, eve.userId].sort());
      await eve.leave(small);
      await say(alice, { presence: 'unavailable' });
      await round();
      expect(await told(eve)).to.eql({});
    });

    it('but not by those who ignore them', async () => {
      const ignored = { ignored_users: { [alice.userId]: {} } };
      await carol.ask('PUT', `/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`, ignored);
      await say(alice, { presence: 'online' });
      await round();
      expect(await told(carol)).to.eql({});
      expect(Object.keys(await told(bob))).to.eql([alice.userId]);
    });
  });

  describe('follows from what all devices say', () => {
    it('of which the liveliest counts', async () => {
      const phone = await alice.login();
      await sync(alice, { said: 'unavailable' });
      await sync(phone, { said: 'online' });
      await round();
      expect((await told(carol))[alice.userId].presence).to.equal('online');
      await sync(phone, { said: 'offline' });
      await round();
      expect((await told(carol))[alice.userId].presence).to.equal('unavailable');
      await alice.ask('POST', '/logout', {});
      await round();
      expect((await told(carol))[alice.userId].presence).to.equal('offline');
    });

    const follow = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 20 * SECOND) {
        await sync(alice, { said: 'online' });
        await pass(20 * SECOND);
      }
      await round();
    };

    it('and from what is done: who makes a room, asks somebody in or goes is not idle', async () => {
      await sync(alice, { said: 'online' });
      let made = '';
      for (const act of [
        async () => (made = await alice.createRoom()),
        () => alice.ask('POST', `/rooms/${made}/invite`, { user_id: carol.userId }),
        () => alice.ask('POST', `/rooms/${made}/leave`, {}),
      ]) {
        await follow(6 * MINUTE);
        expect((await told(carol))[alice.userId].presence).to.equal('unavailable');
        await sync(alice, { said: 'online' });
        await act();
        await round();
        expect((await told(carol))[alice.userId].presence).to.equal('online');
      }
    });

    it('and from what is done: who does nothing for minutes is idle', async () => {
      const poll = sync(alice, { said: 'online', timeout: 120_000 });
      await sync(alice, { said: 'online' });
      await round();
      expect((await told(carol))[alice.userId]).to.include({ presence: 'online', currently_active: true });
      await follow(3 * MINUTE);
      expect((await told(carol))[alice.userId]).to.include({ presence: 'online', currently_active: false });
      await follow(2 * MINUTE);
      const idle = (await told(carol))[alice.userId];
      expect(idle.presence).to.equal('unavailable');
      expect(idle.last_active_ago).to.be.within(5 * MINUTE, 6 * MINUTE);
      await sync(alice, { said: 'online' });
      await alice.say(room, 'still there');
      await round();
      expect((await told(carol))[alice.userId]).to.include({ presence: 'online', currently_active: true });
      await poll;
    });

    it('and while they are active, what else they do is no news', async () => {
      await sync(alice, { said: 'online' });
      await round();
      await told(carol);
      for (let i = 0; i < 3; i++) {
        await sync(alice, { said: 'online' });
        await alice.say(room, 'busy');
        await round();
      }
      expect(await told(carol)).to.eql({});
      const { body } = await carol.request('GET', statusOf(alice));
      expect(body).to.eql({ presence: 'online', currently_active: true, last_active_ago: ROUND });
    });
  });

  describe('can be said and asked', () => {
    it('with a message, which is kept until another is set', async () => {
      expect((await say(alice, { presence: 'unavailable', status_msg: 'at lunch' })).body).to.eql({});
      expect((await alice.request('GET', statusOf(alice))).body).to.eql({
        presence: 'unavailable',
        last_active_ago: 0,
        status_msg: 'at lunch',
      });
      await pass(MINUTE);
      await round();
      const away = { presence: 'offline', last_active_ago: MINUTE + ROUND, status_msg: 'at lunch' };
      expect((await carol.request('GET', statusOf(alice))).body).to.eql(away);
      expect((await bob.request('GET', statusOf(alice))).body).to.include({
        presence: 'offline',
        status_msg: 'at lunch',
      });
      await say(alice, { presence: 'online' });
      expect((await carol.request('GET', statusOf(alice))).body).to.not.have.property('status_msg');
    });

    it('also by a client that follows without being seen, or says nothing then: it counts on', async () => {
      await say(alice, { presence: 'unavailable', status_msg: 'at lunch' });
      await sync(alice, { said: 'offline' });
      await round();
      expect((await told(carol))[alice.userId]).to.include({ presence: 'unavailable', status_msg: 'at lunch' });
      await alice.ask('GET', '/sync');
      expect((await carol.request('GET', statusOf(alice))).body).to.include({ presence: 'unavailable' });
      await alice.say(room, 'back');
      expect((await carol.request('GET', statusOf(alice))).body).to.include({ presence: 'online' });
      await sync(alice, { said: 'offline' });
      await pass(30 * SECOND);
      expect((await carol.request('GET', statusOf(alice))).body).to.include({ presence: 'offline' });
    });

    it('of oneself, in the states that there are', async () => {
      expect((await alice.request('PUT', statusOf(carol), { presence: 'online' })).body.errcode).to.equal(
        'M_FORBIDDEN',
      );
      for (const body of [
        {},
        { presence: 'asleep' },
        { presence: 'busy' },
        { presence: 'online', status_msg: 7 },
        { presence: 'online', status_msg: 'x'.repeat(2_000) },
      ]) {
        expect((await say(alice, body)).status, JSON.stringify(body).slice(0, 50)).to.equal(400);
      }
      expect((await alice.request('GET', statusOf(alice))).body).to.eql({ presence: 'offline' });
      expect((await alice.request('GET', '/sync?set_presence=asleep')).status).to.equal(400);
    });

    it('with whole characters only, and what is refused keeps nobody from being told of others', async () => {
      const { status, body } = await say(carol, { presence: 'online', status_msg: 'x\ud800y' });
      expect([status, body.errcode]).to.eql([400, 'M_INVALID_PARAM']);
      await say(alice, { presence: 'online', status_msg: 'Reading' });
      await rounds();
      expect((await told(bob))[alice.userId]).to.include({ status_msg: 'Reading' });
    });

    it('over a WebSocket, for as long as it is open', async () => {
      const socket = await TestSocket.open(alice);
      const first = socket.follow('v3', { query: { set_presence: 'unavailable' } });
      await first.take();
      const second = socket.follow('simplified_msc3575', { query: { set_presence: 'online' }, body: {} });
      await second.take();
      await round();
      expect((await told(carol))[alice.userId].presence).to.equal('online');
      await pass(2 * MINUTE);
      expect((await carol.request('GET', statusOf(alice))).body.presence).to.equal('online');
      await socket.close();
      await network.settle();
      await pass(30 * SECOND);
      await rounds();
      expect((await told(carol))[alice.userId].presence).to.equal('offline');
    });

    it('with sliding sync, too', async () => {
      const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?set_presence=unavailable';
      await call('POST', `${alice.home.url}${path}`, { token: alice.token, body: {} });
      await call('POST', `${carol.home.url}/_matrix/client/v4/sync`, {
        token: carol.token,
        body: { set_presence: 'online' },
      });
      // The two may come into rounds of their own, and the other server be told of the second one later.
      const seen: Record<string, any> = {};
      for (let n = 0; n < 6 && Object.keys(seen).length < 2; n++) {
        await round();
        Object.assign(seen, await told(bob));
      }
      expect([seen[alice.userId]?.presence, seen[carol.userId]?.presence]).to.eql(['unavailable', 'online']);
    });
  });
});
