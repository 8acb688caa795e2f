import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { expectHeard } from '../src/held-up.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { Administrator, numberOf, rowsOf } from '../src/upkeep.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const ROOMS = '/rooms';
const at = (room: string, more = '') => `${ROOMS}/${encodeURIComponent(room)}${more}`;

describe('purges', () => {
  let network: TestNetwork;
  let admin: Administrator;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    admin = await Administrator.on(network, 'a.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  let count = 0;
  const redact = (who: Person, room: string, event: string) =>
    who.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/p${++count}`, {});

  /** A room with something in every table that knows rooms. */
  const livedIn = async (): Promise<string> => {
    const alias = `lived-in-${++count}`;
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Lived in', room_alias_name: alias });
    await bob.join(room, ['a.test']);
    await network.settle();
    const first = await alice.say(room, 'first');
    await alice.send(room, 'm.reaction', { 'm.relates_to': { rel_type: 'm.annotation', event_id: first, key: 'x' } });
    await redact(alice, room, await alice.say(room, 'not first'));
    await alice.ask('PUT', `/user/${alice.userId}/rooms/${encodeURIComponent(room)}/account_data/m.x`, { y: 1 });
    await alice.ask('PUT', `/user/${alice.userId}/rooms/${encodeURIComponent(room)}/tags/u.z`, {});
    await alice.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(first)}`, {});
    await network.settle();
    return room;
  };

  it('are for administrators of the server', async () => {
    const room = await alice.createRoom();
    const stranger = new Proxy(admin, { get: (of, key) => (key === 'person' ? alice : Reflect.get(of, key, of)) });
    const calls: [string, string, object?][] = [
      ['GET', ROOMS],
      ['GET', at(room)],
      ['PUT', at(room, '/hold'), { kind: 'blocked' }],
      ['DELETE', at(room, '/hold')],
      ['POST', at(room, '/purge_history'), { before_ts: 1 }],
      ['DELETE', at(room), {}],
      ['GET', '/room_jobs'],
      ['GET', '/room_jobs/1'],
    ];
    for (const [method, path, body] of calls) {
      const answer = await Administrator.prototype.request.call(stranger, method, path, body);
      expect([answer.status, answer.body.errcode], path).to.deep.equal([403, 'M_FORBIDDEN']);
    }
    expect((await admin.request('GET', at('!none:a.test'))).status).to.equal(404);
    expect((await admin.request('GET', '/room_jobs/x')).status).to.equal(400);
    expect((await admin.request('GET', '/room_jobs/999999')).status).to.equal(404);
    expect((await admin.request('DELETE', at('!none:a.test'), {})).status).to.equal(404);
    expect((await admin.request('POST', at(room, '/purge_history'), {})).status).to.equal(400);
  });

  it('begin with looking at what there is', async () => {
    const room = await livedIn();
    const details = await admin.ask('GET', at(room));
    expect(details).to.deep.include({
      room_id: room, name: 'Lived in', known: true, joined_members: 2, joined_local_members: 1, servers: 2,
      forward_extremities: 1, jobs: [],
    }); // prettier-ignore
    expect(details.events).to.be.greaterThan(10);
    expect(details.event_bytes).to.be.greaterThan(5_000);
    expect(details.aliases).to.have.length(1);
    for (const search of [room, details.aliases[0], 'lived IN']) {
      const { rooms } = await admin.ask('GET', `${ROOMS}?search=${encodeURIComponent(search)}`);
      expect(rooms.map((found: any) => found.room_id)).to.include(room);
    }
    const paged: string[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: any = await admin.ask('GET', `${ROOMS}?limit=1&from=${from}`);
      paged.push(...page.rooms.map((found: any) => found.room_id));
      from = page.next;
    }
    expect(paged).to.include(room);
    expect(new Set(paged).size).to.equal(paged.length);
  });

  it('remove a room with all that belongs to it, and others hear that we left', async () => {
    const room = await livedIn();
    const carol = await network.person('carol', 'b.test');
    await alice.ask('POST', `${pathOf(room)}/invite`, { user_id: carol.userId });
    await network.settle();
    const server = network.server('a.test');
    const nid = await numberOf(server, room);
    expect(Object.keys(await rowsOf(server, room, nid))).to.include.members([
      'events', 'room_heads', 'room_state_keys', 'state_rows', 'current_state', 'room_state_log', 'memberships',
      'auth_chunks', 'redacted_originals', 'event_relations', 'receipts', 'account_data', 'room_aliases',
    ]); // prettier-ignore
    await alice.view.sync();
    const offline = await alice.login();
    await offline.view.sync();
    expect((await admin.request('DELETE', at(room), {})).body.errcode).to.equal('M_BAD_STATE');
    const { job_id: id } = await admin.ask('DELETE', at(room), { evict: true, reason: 'spring cleaning' });
    const job = await admin.finish(network, id);
    expect(job).to.include({ state: 'done', kind: 'purge room', requested_by: admin.person.userId });
    expect(Object.keys(await rowsOf(server, room, nid))).to.have.members(['room_jobs', 'room_departures']);
    expect(await server.rows(sql`SELECT 1 FROM send_txns t WHERE NOT EXISTS (
      SELECT FROM events e WHERE e.event_nid = t.event_nid)`)).to.have.length(0); // prettier-ignore
    await bob.view.sync();
    expect((await bob.members(room))[alice.userId]).to.equal('leave');
    expect((await bob.members(room))[carol.userId]).to.equal('leave');
    // Whoever was there learns of it, one way or the other, and once.
    for (const device of [alice, offline]) {
      const { rooms } = await device.view.sync();
      expect(rooms.leave).to.have.property(room);
      expect((await device.view.sync()).rooms).to.equal(undefined);
    }
    expect((await alice.request('GET', `${pathOf(room)}/messages?dir=b`)).status).to.equal(403);
    expect((await admin.request('GET', at(room))).status).to.equal(404);
  });

  it('keep nobody from what is said elsewhere while they wait for the room', async () => {
    const [room, elsewhere] = [await alice.createRoom(), await alice.createRoom()];
    await alice.leave(room);
    const server = network.server('a.test');
    const { queue } = server.running.services.rooms.engine;
    const nid = await numberOf(server, room);
    const [wanted, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const busy = queue.run(nid, () => over.promise);
    const run = queue.run.bind(queue);
    queue.run = (key, work) => {
      if (key === nid) wanted.resolve();
      return run(key, work);
    };
    const { job_id: id } = await admin.ask('DELETE', at(room), {});
    const done = admin.finish(network, id);
    await wanted.promise;
    queue.run = run;
    await expectHeard(alice, elsewhere, over.resolve);
    await busy;
    expect(await done).to.include({ state: 'done' });
  });

  it('leave a room that can be joined afresh', async () => {
    const room = await bob.createRoom();
    await alice.join(room, ['b.test']);
    await alice.say(room, 'before');
    await network.settle();
    const { job_id: id } = await admin.ask('DELETE', at(room), { evict: true });
    expect((await admin.finish(network, id)).state).to.equal('done');
    await bob.say(room, 'meanwhile');
    await network.settle();
    await alice.join(room, ['b.test']);
    await alice.say(room, 'again');
    await network.settle();
    const texts = ['before', 'meanwhile', 'again'];
    expect(textsOf(await bob.history(room)).reverse()).to.deep.equal(texts);
    expect(textsOf(await alice.history(room)).reverse()).to.deep.equal(texts);
    expect(await alice.state(room)).to.deep.equal(await bob.state(room));
    await alice.view.sync();
    expect(alice.view.joined.has(room)).to.equal(true);
  });

  it('keep people out of a room that is blocked, and out of one that is going', async () => {
    const room = await bob.createRoom();
    await alice.join(room, ['b.test']);
    await network.settle();
    const { job_id: id } = await admin.ask('DELETE', at(room), { evict: true, block: true, reason: 'spam' });
    const again = await admin.request('DELETE', at(room), { evict: true });
    expect(again.body.errcode).to.equal('M_BAD_STATE');
    const back = () => alice.request('POST', `/join/${encodeURIComponent(room)}?via=b.test`, {});
    expect((await back()).status).to.equal(403);
    await admin.finish(network, id);
    expect((await back()).body.errcode).to.equal('M_FORBIDDEN');
    expect((await bob.request('POST', `${pathOf(room)}/invite`, { user_id: alice.userId })).status).to.equal(403);
    await admin.ask('DELETE', at(room, '/hold'));
    expect((await admin.request('DELETE', at(room, '/hold'))).status).to.equal(404);
    expect((await back()).status).to.equal(200);
  });

  it('keep out who says as state of a blocked room that they join, and nobody who is in it', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    const eve = await network.person('eve', 'a.test');
    await admin.ask('PUT', at(room, '/hold'), { kind: 'blocked' });
    const say = (who: Person, content: object) =>
      who.request('PUT', `${pathOf(room)}/state/m.room.member/${encodeURIComponent(who.userId)}`, content);
    const refused = await say(eve, { membership: 'join' });
    expect([refused.status, refused.body.errcode]).to.eql([403, 'M_FORBIDDEN']);
    expect((await alice.members(room))[eve.userId]).to.equal(undefined);
    expect((await say(alice, { membership: 'join', displayname: 'Al' })).status).to.equal(200);
  });

  it('go on where they were when the server is stopped in the middle', async () => {
    const room = await livedIn();
    const server = network.server('a.test');
    const nid = await numberOf(server, room);
    const { job_id: id } = await admin.ask('DELETE', at(room), { evict: true });
    const phase = async () => (await admin.ask('GET', `/room_jobs/${id}`)).progress.phase;
    await network.settle();
    while ((await phase()) !== 'removing') {
      network.clock.advance(6_000);
      await server.running.services.upkeep.jobs.work();
      await network.settle();
    }
    // Closed, and nothing removed yet but what makes it a room.
    const half = await rowsOf(server, room, nid);
    expect(half).not.to.have.property('room_heads');
    expect(half['events']).to.be.greaterThan(5);
    await server.rows(sql`DELETE FROM state_rows WHERE room_nid = ${nid}`);
    await server.rows(sql`UPDATE room_jobs SET state = 'running', lease_until = ${network.clock.now() + 20_000}, epoch = 9
                           WHERE job_id = ${id}`);
    await network.stop('a.test');
    await network.start('a.test');
    expect((await alice.request('POST', `/join/${encodeURIComponent(room)}?via=b.test`, {})).status).to.equal(403);
    // Somebody else may still be at it; once they are silent for long enough, it is ours.
    expect((await admin.ask('GET', `/room_jobs/${id}`)).state).to.equal('running');
    expect((await admin.finish(network, id)).state).to.equal('done');
    expect(Object.keys(await rowsOf(server, room, nid))).to.have.members(['room_jobs', 'room_departures']);
  });

  describe('of history', () => {
    const spoken = async (): Promise<{ room: string; middle: string; now: number }> => {
      const room = await alice.createRoom();
      await bob.join(room, ['a.test']);
      for (const text of ['one', 'two']) await alice.say(room, text);
      await bob.ask('PUT', `${pathOf(room)}/state/m.room.member/${encodeURIComponent(bob.userId)}`, {
        membership: 'join',
        displayname: 'Robert',
      });
      await network.settle();
      network.clock.advance(60_000);
      const now = network.clock.now();
      const middle = await alice.say(room, 'three');
      await alice.say(room, 'four');
      await network.settle();
      return { room, middle, now };
    };

    for (const how of ['an event', 'a time']) {
      it(`remove what was said before ${how}, and nothing else`, async () => {
        const { room, middle, now } = await spoken();
        const state = await alice.state(room);
        const body = how === 'an event' ? { before_event: middle } : { before_ts: now };
        const { job_id: id } = await admin.ask('POST', at(room, '/purge_history'), body);
        const job = await admin.finish(network, id);
        expect(job).to.deep.include({ state: 'done', progress: { removed: 2 } });
        const left = await network.server('a.test').rows<{ json: string }>(sql`
          SELECT json FROM events WHERE room_nid = ${await numberOf(network.server('a.test'), room)}`);
        expect(left.map(({ json }) => json).join()).not.to.match(/"body":"(one|two)"/);
        expect(textsOf(await alice.history(room)).reverse()).to.deep.equal(['three', 'four']);
        expect(await alice.state(room)).to.deep.equal(state);
        // The other server keeps what it has, and is not asked for it.
        expect(textsOf(await bob.history(room)).reverse()).to.deep.equal(['one', 'two', 'three', 'four']);
        await bob.say(room, 'five');
        await network.settle();
        await alice.say(room, 'six');
        await network.settle();
        const after = ['three', 'four', 'five', 'six'];
        expect(textsOf(await alice.history(room)).reverse()).to.deep.equal(after);
        const fresh = await alice.login();
        await fresh.view.sync();
        expect(textsOf(fresh.view.joined.get(room)!.timeline).slice(-4)).to.deep.equal(after);
        await network.stop('a.test');
        await network.start('a.test');
        expect(textsOf(await alice.history(room)).reverse()).to.deep.equal(after);
      });
    }

    it('leave the room something to go on from, without what it said', async () => {
      const { room } = await spoken();
      const later = network.clock.now() + 1_000;
      const { job_id: id } = await admin.ask('POST', at(room, '/purge_history'), { before_ts: later });
      await admin.finish(network, id);
      const left = await network.server('a.test').rows<{ json: string }>(sql`
        SELECT json FROM events WHERE room_nid = ${await numberOf(network.server('a.test'), room)}`);
      expect(left.map(({ json }) => json).join()).not.to.match(/"body"/);
      await bob.say(room, 'five');
      await network.settle();
      await alice.say(room, 'six');
      await network.settle();
      for (const person of [alice, bob]) {
        expect(
          textsOf(await person.history(room))
            .reverse()
            .slice(-2),
        ).to.deep.equal(['five', 'six']);
      }
      expect((await admin.ask('GET', at(room))).forward_extremities).to.equal(1);
    });
  });
});
