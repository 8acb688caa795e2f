import { expect } from 'chai';
import { pathOf } from '../src/people.ts';
import { inEachRoom } from './cast.ts';

/** From here on, one can ask to be let in. */
const KNOCK_SINCE = 7;
const KNOCK_RESTRICTED_SINCE = 10;

inEachRoom('asking to be let in', (cast) => {
  const roomFor = (join_rule: string): Promise<string> =>
    cast.room({
      name: 'Den',
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule, allow: [] } }],
    });
  const knockedOn = async (join_rule = 'knock'): Promise<string> => {
    const { host, guest } = cast;
    const room = await roomFor(join_rule);
    await guest.knock(room, [host.home.name], 'please');
    await guest.view.until('the knock', ({ knocked }) => knocked.has(room));
    await cast.membership(guest, room, 'knock');
    return room;
  };

  before(function () {
    if (Number(cast.version) < KNOCK_SINCE) this.skip();
  });

  it('tells who asks which room it is', async () => {
    const room = await knockedOn();
    const told = cast.guest.view.knocked.get(room)!;
    expect(told.map(({ type }) => type)).to.include.members(['m.room.create', 'm.room.join_rules', 'm.room.name']);
    expect(told.find(({ type }) => type === 'm.room.name').content).to.deep.equal({ name: 'Den' });
    expect(told.find(({ type }) => type === 'm.room.member').content).to.include({ reason: 'please' });
  });

  it('is answered by an invitation', async () => {
    const { host, guest } = cast;
    const room = await knockedOn();
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await guest.join(room);
    await cast.membership(guest, room, 'join');
    await cast.agree(room);
  });

  it('is taken back', async () => {
    const { guest } = cast;
    const room = await knockedOn();
    await guest.leave(room);
    await guest.view.until('that it is over', ({ knocked }) => !knocked.has(room));
    // Synapse does not remember whom it has asked, and tells nobody.
    if (guest.home !== cast.pair.synapse) await cast.membership(guest, room, 'leave');
  });

  it('is refused where one is not wanted', async () => {
    const { host, guest } = cast;
    const room = await roomFor('invite');
    const path = `/knock/${encodeURIComponent(room)}?via=${encodeURIComponent(host.home.name)}`;
    expect((await guest.request('POST', path, {})).status).to.equal(403);
  });

  it('is answered with a ban', async () => {
    const { host, guest } = cast;
    const room = await knockedOn();
    await host.ban(room, guest);
    await cast.membership(guest, room, 'ban');
    const path = `/knock/${encodeURIComponent(room)}?via=${encodeURIComponent(host.home.name)}`;
    expect((await guest.request('POST', path, {})).status).to.equal(403);
  });

  it('works where members of other rooms may just come', async function () {
    if (Number(cast.version) < KNOCK_RESTRICTED_SINCE) return this.skip();
    const { host, guest } = cast;
    const room = await knockedOn('knock_restricted');
    await host.invite(room, guest);
    await guest.view.until('the invitation', ({ invited }) => invited.has(room));
    await guest.join(room);
    await cast.agree(room);
  });
});

inEachRoom('an upgrade', (cast) => {
  it('leads everybody to the new room', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom({ name: 'Den' });
    const { replacement_room: next } = await host.ask('POST', `${pathOf(room)}/upgrade`, { new_version: '12' });
    await guest.view.until('the tombstone', ({ joined }) => joined.get(room)?.state.has('m.room.tombstone '));
    expect(guest.view.joined.get(room)!.state.get('m.room.tombstone ').replacement_room).to.equal(next);
    await guest.join(next, [host.home.name]);
    expect((await guest.stateAt(next, ['m.room.create', ''])).predecessor).to.include({ room_id: room });
    expect(await guest.stateAt(next, ['m.room.name', ''])).to.deep.equal({ name: 'Den' });
    await cast.agree(next);
  });
});
