import { expect } from 'chai';
import { call } from '../src/http.ts';
import type { Person } from '../src/people.ts';
import { inEachRoom } from './cast.ts';
import { eventually } from './pair.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** From here on, rooms can let in the members of others. */
const RESTRICTED_SINCE = 8;

inEachRoom('rooms that one can find', (cast) => {
  const listed = (who: Person, body: object): Promise<any> =>
    who.ask('POST', `/publicRooms?server=${encodeURIComponent(cast.host.home.name)}`, body);
  const hierarchy = async (who: Person, space: string): Promise<readonly any[]> => {
    const path = `/_matrix/client/v1/rooms/${encodeURIComponent(space)}/hierarchy?limit=50`;
    const { status, body } = await call('GET', who.home.url + path, { token: who.token });
    expect(status, JSON.stringify(body)).to.equal(200);
    return body.rooms;
  };
  const idsOf = (rooms: readonly any[]): string[] => rooms.map(({ room_id: id }) => id);
  const roomOf = (who: Person, name: string, rule: object): Promise<string> =>
    who.createRoom({
      room_version: cast.version,
      name,
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content: rule }],
    });

  it('on the list of the other server, by a word, page by page, as long as they are on it', async () => {
    const { host, guest } = cast;
    const filter = { generic_search_term: host.name };
    const publish = (name: string) =>
      cast.room({ preset: 'public_chat', visibility: 'public', name: `${name} of ${host.name}`, topic: 'Tea' });
    const rooms = [await publish('Kitchen'), await publish('Garden'), await publish('Cellar')];
    await cast.room({ preset: 'public_chat', name: `Attic of ${host.name}` });
    await cast.comeIn(guest, rooms[0]!);
    const found = await listed(guest, { filter });
    expect(idsOf(found.chunk)).to.have.members(rooms);
    expect(found.chunk.find(({ room_id: id }: any) => id === rooms[0])).to.deep.include({
      name: `Kitchen of ${host.name}`,
      topic: 'Tea',
      num_joined_members: 2,
      world_readable: false,
      guest_can_join: false,
      join_rule: 'public',
    });
    const first = await listed(guest, { filter, limit: 2 });
    const second = await listed(guest, { filter, limit: 2, since: first.next_batch });
    expect([first.chunk.length, second.chunk.length]).to.deep.equal([2, 1]);
    expect(idsOf([...first.chunk, ...second.chunk])).to.have.members(rooms);
    await host.ask('PUT', `/directory/list/room/${encodeURIComponent(rooms[1]!)}`, { visibility: 'private' });
    // Lists of others are kept for a while: another search is another list.
    const after = await listed(guest, { filter: { generic_search_term: `Garden of ${host.name}` } });
    expect(after.chunk).to.deep.equal([]);
  });

  it('in a space, as far as one may know of them', async () => {
    const { host, guest, version } = cast;
    const space = await cast.sharedRoom({ name: 'House', creation_content: { type: 'm.space' } });
    const open = await roomOf(host, 'Kitchen', { join_rule: 'public' });
    const closed = await roomOf(host, 'Safe', { join_rule: 'invite' });
    const clubRule = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: space }] };
    const club = Number(version) < RESTRICTED_SINCE ? undefined : await roomOf(host, 'Club', clubRule);
    const guests = await roomOf(guest, 'Guest room', { join_rule: 'public' });
    const put = (who: Person, child: string, order: string) =>
      who.setState(space, ['m.space.child', child], { via: [who.home.name], order, suggested: true });
    await put(host, open, 'a');
    await put(host, closed, 'b');
    if (club !== undefined) await put(host, club, 'c');
    await put(guest, guests, 'd');
    await cast.agree(space);
    const club1 = club === undefined ? [] : [club];
    await eventually(async () => {
      expect(idsOf(await hierarchy(guest, space))).to.deep.equal([space, open, ...club1, guests]);
      expect(idsOf(await hierarchy(host, space))).to.deep.equal([space, open, closed, ...club1, guests]);
    });
    const [root, kitchen] = await hierarchy(guest, space);
    expect(root).to.include({ name: 'House', room_type: 'm.space', num_joined_members: 2 });
    expect(root.children_state.map(({ state_key: key }: any) => key)).to.include.members([open, closed, guests]);
    expect(kitchen).to.include({ name: 'Kitchen', num_joined_members: 1, join_rule: 'public' });
    expect((await hierarchy(host, space)).at(-1)).to.include({ name: 'Guest room', join_rule: 'public' });
  });
});
