/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/** https://spec.matrix.org/latest/client-server-api/#spaces */
describe('spaces', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    carol = await network.person('carol', 'c.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const space = (who: Person, wish: object = {}): Promise<string> =>
    who.createRoom({ preset: 'public_chat', creation_content: { type: 'm.space' }, ...wish });
  const put = (who: Person, parent: string, child: string, content: object = {}) =>
    who.setState(parent, ['m.space.child', child], { via: [who.home.name], ...content });
  const hierarchyOf = (who: Person, room: string, query = '') =>
    call('GET', `${who.home.url}/_matrix/client/v1/rooms/${encodeURIComponent(room)}/hierarchy?${query}`, {
      token: who.token,
    });
  const idsOf = async (who: Person, room: string, query = ''): Promise<string[]> => {
    const { status, body } = await hierarchyOf(who, room, query);
    expect(status, JSON.stringify(body)).to.equal(200);
    return body.rooms.map(({ room_id }: any) => room_id);
  };

  it('are walked in the order of their children, into each before going on', async () => {
    const [root, inner] = [await space(alice, { name: 'Root' }), await space(alice, { name: 'Inner' })];
    const [one, two, deep] = [await alice.createRoom(), await alice.createRoom(), await alice.createRoom()];
    await put(alice, root, two, { order: 'z' });
    await put(alice, root, inner, { order: 'b' });
    await put(alice, root, one, { order: 'a', suggested: true });
    await put(alice, inner, deep);
    await put(alice, inner, root);
    await alice.setState(root, ['m.space.child', '!gone:a.test'], {});
    const { body } = await hierarchyOf(alice, root);
    expect(body.rooms.map(({ room_id }: any) => room_id)).to.deep.equal([root, one, inner, deep, two]);
    expect(body.rooms[0]).to.include({ room_id: root, name: 'Root', room_type: 'm.space', join_rule: 'public' });
    expect(body.rooms[0].children_state.map(({ state_key }: any) => state_key)).to.deep.equal([one, inner, two]);
    expect(Object.keys(body.rooms[0].children_state[0])).to.have.members([
      'type',
      'state_key',
      'content',
      'sender',
      'origin_server_ts',
    ]);
    expect(body.rooms[1].children_state).to.deep.equal([]);
    expect(await idsOf(alice, root, 'suggested_only=true')).to.deep.equal([root, one]);
    expect(await idsOf(alice, root, 'max_depth=1')).to.deep.equal([root, one, inner, two]);
    expect(await idsOf(alice, root, 'max_depth=0')).to.deep.equal([root]);
  });

  it('come page by page, each as often as it is asked for', async () => {
    const root = await space(alice);
    const rooms: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      rooms.push(await alice.createRoom());
      await put(alice, root, rooms[count]!, { order: `${count}` });
    }
    const pages: string[][] = [];
    let from = '';
    for (;;) {
      const query = `limit=2${from && `&from=${from}`}`;
      const { body } = await hierarchyOf(alice, root, query);
      pages.push(body.rooms.map(({ room_id }: any) => room_id));
      expect((await idsOf(alice, root, query)).length).to.equal(pages.at(-1)!.length);
      if (body.next_batch === undefined) break;
      from = body.next_batch;
    }
    expect(pages).to.deep.equal([
      [root, rooms[0]],
      [rooms[1], rooms[2]],
      [rooms[3], rooms[4]],
    ]);
    for (const [who, query] of [
      [alice, `from=${from}&max_depth=3`],
      [alice, `from=${from}&suggested_only=true`],
      [alice, 'from=nonsense'],
      [bob, `from=${from}`],
      [alice, 'limit=0'],
    ] as const) {
      const { status, body } = await hierarchyOf(who, root, query);
      expect([status, body.errcode], query).to.deep.equal([400, 'M_INVALID_PARAM']);
    }
    await network.retry();
    for (let count = 0; count < 20; count += 1) await network.retry();
    expect((await hierarchyOf(alice, root, `from=${from}`)).status).to.equal(400);
  });

  it('show only rooms that one could get into or look into', async () => {
    const root = await space(alice);
    const club = await alice.createRoom();
    const rule = (content: object, more: object = {}) =>
      alice.createRoom({ initial_state: [{ type: 'm.room.join_rules', content }], ...more });
    const allow = [{ type: 'm.room_membership', room_id: club }];
    const secret = await alice.createRoom({ preset: 'private_chat' });
    const members = await rule({ join_rule: 'restricted', allow });
    const knockable = await rule({ join_rule: 'knock' });
    const glass = await alice.createRoom({
      preset: 'private_chat',
      initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } }],
    });
    const open = await alice.createRoom();
    for (const [order, child] of [secret, members, knockable, glass, open].entries()) {
      await put(alice, root, child, { order: `${order}` });
    }
    const dora = await network.person('dora', 'a.test');
    // Here and on another server, which has to ask.
    for (const who of [dora, bob]) {
      await who.join(root, ['a.test']);
      await network.settle();
      expect(await idsOf(who, root), who.userId).to.deep.equal([root, knockable, glass, open]);
      await who.join(club, ['a.test']);
      await network.settle();
      for (let count = 0; count < 4; count += 1) await network.retry();
      expect(await idsOf(who, root), who.userId).to.deep.equal([root, members, knockable, glass, open]);
    }
    await alice.invite(secret, dora);
    expect(await idsOf(dora, root)).to.include(secret);
    await alice.ban(open, dora);
    expect(await idsOf(dora, root)).not.to.include(open);
  });

  it('that one may not know of are refused, as are those that there are not', async () => {
    const secret = await space(alice, { preset: 'private_chat' });
    for (const room of [secret, '!nowhere:a.test']) {
      for (const who of [carol, await network.person('eve', 'a.test')]) {
        const { status, body } = await hierarchyOf(who, room);
        expect([status, body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
      }
    }
  });

  it('lead over several servers, in circles too, and round those that do not answer', async () => {
    const [root, middle, end] = [await space(alice), await space(bob), await space(carol)];
    const [inMiddle, inEnd] = [await bob.createRoom(), await carol.createRoom()];
    const hidden = await bob.createRoom({ preset: 'private_chat' });
    await alice.setState(root, ['m.space.child', middle], { via: ['b.test'] });
    await put(bob, middle, inMiddle, { order: 'a' });
    await put(bob, middle, hidden, { order: 'b' });
    await bob.setState(middle, ['m.space.child', end], { via: ['c.test'], order: 'c' });
    await carol.setState(end, ['m.space.child', root], { via: ['a.test'], order: 'a' });
    await put(carol, end, inEnd, { order: 'b' });
    expect(await idsOf(alice, root)).to.deep.equal([root, middle, inMiddle, end, inEnd]);
    // Nobody here is in it, nor says where it is; but who has come across it may go on from there.
    expect(await idsOf(alice, middle)).to.deep.equal([middle, inMiddle, end, root, inEnd]);

    const other = await space(alice);
    const lost = await space(carol);
    await alice.setState(other, ['m.space.child', lost], { via: ['c.test'], order: 'a' });
    await alice.setState(other, ['m.space.child', inMiddle], { via: ['c.test', 'b.test'], order: 'b' });
    network.cut('a.test', 'c.test');
    expect(await idsOf(alice, other)).to.deep.equal([other, inMiddle]);
    await network.heal('a.test', 'c.test');
    for (let count = 0; count < 3; count += 1) await network.retry();
    expect(await idsOf(alice, other)).to.deep.equal([other, lost, inMiddle]);
  });

  it('are told to other servers as far as these may know, and not to denied ones', async () => {
    const root = await space(alice);
    const [open, secret, ours] = [
      await alice.createRoom(),
      await alice.createRoom({ preset: 'private_chat' }),
      await alice.createRoom({ preset: 'public_chat', creation_content: { 'm.federate': false } }),
    ];
    for (const child of [open, secret, ours]) await put(alice, root, child);
    await bob.join(root, ['a.test']);
    await network.settle();
    expect(await idsOf(bob, root)).to.deep.equal([root, open]);
    expect(await idsOf(alice, root)).to.have.members([root, open, secret, ours]);
    await alice.setState(open, ['m.room.server_acl', ''], { allow: ['*'], deny: ['b.test'] });
    for (let count = 0; count < 3; count += 1) await network.retry();
    expect(await idsOf(bob, root)).to.deep.equal([root]);
  });
});
