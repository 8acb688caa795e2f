import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { Administrator } from '../src/upkeep.ts';

describe('a room in quarantine', () => {
  let network: TestNetwork;
  let admin: Administrator;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    admin = await Administrator.on(network, 'a.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await alice.say(room, 'before');
    await network.settle();
  });
  after(() => network[Symbol.asyncDispose]());

  const path = () => `/rooms/${encodeURIComponent(room)}/hold`;
  const stop = (more: object = {}) => admin.ask('PUT', path(), { kind: 'quarantined', ...more });
  const said = async (who: Person): Promise<string[]> => textsOf(await who.history(room)).reverse();

  it('stands still, and members may read it', async () => {
    const hold = await stop({ reason: 'poisoned' });
    expect(hold).to.include({ kind: 'quarantined', readable: true, reason: 'poisoned', set_by: admin.person.userId });
    expect((await admin.ask('GET', `/rooms/${encodeURIComponent(room)}`)).hold).to.deep.equal(hold);
    const carol = await network.person('carol', 'a.test');
    const refused = [
      await alice.request('PUT', `${pathOf(room)}/send/m.room.message/1`, { body: 'x' }),
      await alice.request('PUT', `${pathOf(room)}/state/m.room.topic`, { topic: 'x' }),
      await alice.request('POST', `${pathOf(room)}/invite`, { user_id: carol.userId }),
      await alice.request('POST', `${pathOf(room)}/leave`, {}),
      await carol.request('POST', `${pathOf(room)}/join`, {}),
      await bob.request('POST', `${pathOf(room)}/invite`, { user_id: carol.userId }),
    ];
    for (const { status, body } of refused) expect([status, body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
    expect(refused[0]!.body.error).to.include('quarantine');
    await bob.say(room, 'unheard');
    await network.settle();
    expect(await said(alice)).to.deep.equal(['before']);
    await alice.view.sync();
    expect(textsOf(alice.view.joined.get(room)!.timeline)).to.deep.equal(['before']);
  });

  it('is silent, too, of who is typing elsewhere', async () => {
    await alice.view.sync();
    await stop();
    const typing = `${pathOf(room)}/typing/${encodeURIComponent(bob.userId)}`;
    await bob.ask('PUT', typing, { typing: true });
    await network.settle();
    const { rooms } = await alice.view.sync();
    expect(rooms?.join?.[room]?.ephemeral?.events ?? []).to.deep.equal([]);
  });

  it('is shown to nobody, if that is wished', async () => {
    await alice.view.sync();
    await stop({ readable: false });
    const reads = ['/messages?dir=b', '/state', '/members', '/joined_members'];
    for (const read of reads) expect((await alice.request('GET', pathOf(room) + read)).status, read).to.equal(403);
    const fresh = await alice.login();
    await fresh.view.sync();
    expect(fresh.view.joined.has(room)).to.equal(false);
    await admin.ask('DELETE', path());
    expect(await said(alice)).to.deep.equal(['before']);
  });

  it('holds up nobody else, and survives a restart', async () => {
    await stop();
    const other = await alice.createRoom();
    await bob.join(other, ['a.test']);
    await bob.say(room, 'unheard');
    await bob.say(other, 'heard');
    await network.settle();
    expect(textsOf(await alice.history(other))).to.deep.equal(['heard']);
    await network.stop('a.test');
    await network.start('a.test');
    expect((await alice.request('PUT', `${pathOf(room)}/send/m.room.message/2`, { body: 'x' })).status).to.equal(403);
  });

  it('goes on when it is lifted, with what was said meanwhile', async () => {
    await stop();
    await bob.say(room, 'meanwhile');
    await network.settle();
    await admin.ask('DELETE', path());
    await bob.say(room, 'after');
    await network.settle();
    await alice.say(room, 'heard');
    await network.settle();
    for (const person of [alice, bob]) {
      expect(await said(person)).to.deep.equal(['before', 'meanwhile', 'after', 'heard']);
    }
  });

  it('can be removed, and its members are rid of it', async () => {
    await alice.view.sync();
    await stop();
    const { job_id: id } = await admin.ask('DELETE', `/rooms/${encodeURIComponent(room)}`, { evict: true });
    expect((await admin.finish(network, id)).state).to.equal('done');
    const { rooms } = await alice.view.sync();
    expect(rooms.leave).to.have.property(room);
    expect((await bob.members(room))[alice.userId]).to.equal('leave');
  });
});
