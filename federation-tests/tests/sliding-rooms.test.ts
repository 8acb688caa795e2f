import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('rooms by sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let slider: Slider;

  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    slider = new Slider(alice);
  });

  it('come with all that is asked for the first time, then with what is new', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Den', topic: 'Foxes' });
    await bob.join(room);
    await bob.say(room, 'one');
    await bob.say(room, 'two');
    const asked = allRooms({
      required_state: [
        ['m.room.topic', ''],
        ['m.room.member', '$LAZY'],
        ['m.room.member', '$ME'],
      ],
    });
    const first = await slider.sync(asked);
    expect(first.lists.all_rooms).to.eql({ count: 1, ops: [{ op: 'SYNC', range: [0, 19], room_ids: [room] }] });
    const shown = first.rooms[room];
    expect(shown).to.include({
      name: 'Den',
      initial: true,
      joined_count: 2,
      invited_count: 0,
      limited: true,
      num_live: 0,
    });
    expect(bodiesOf(shown)).to.eql(['two']);
    expect(shown.required_state.map((e: any) => [e.type, e.state_key]).sort()).to.eql([
      ['m.room.member', alice.userId],
      ['m.room.member', bob.userId],
      ['m.room.topic', ''],
    ]);
    expect((await slider.sync(asked)).rooms).to.eql({});
    await bob.say(room, 'three');
    const next = (await slider.sync(asked)).rooms[room];
    expect(bodiesOf(next)).to.eql(['three']);
    expect(next)
      .to.include({ limited: false, num_live: 1 })
      .and.not.to.have.any.keys('initial', 'required_state', 'name', 'joined_count');
    expect(next.bump_stamp).to.be.greaterThan(shown.bump_stamp);
  });

  it('wake a long poll', async () => {
    const room = await alice.createRoom();
    await bob.join(room);
    await slider.sync(allRooms());
    const answer = slider.sync(allRooms(), 30_000);
    await bob.say(room, 'hello');
    expect(bodiesOf((await answer).rooms[room])).to.eql(['hello']);
  });

  it('come again when an answer gets lost', async () => {
    const room = await alice.createRoom();
    await slider.sync(allRooms());
    await alice.say(room, 'once');
    expect(bodiesOf((await slider.lose(allRooms())).rooms[room])).to.eql(['once']);
    expect(bodiesOf((await slider.lose(allRooms())).rooms[room])).to.eql(['once']);
    expect(bodiesOf((await slider.sync(allRooms())).rooms[room])).to.eql(['once']);
    expect((await slider.sync(allRooms())).rooms).to.eql({});
  });

  it('are sorted by what was said last, and told of as the range grows', async () => {
    const rooms: string[] = [];
    for (let n = 0; n < 4; n++) rooms.push(await alice.createRoom({ name: `Room ${n}` }));
    await alice.say(rooms[1]!, 'up');
    await alice.setState(rooms[0]!, ['m.room.topic', ''], { topic: 'does not count' });
    const first = await slider.sync(allRooms({}, [0, 1]));
    expect(first.lists.all_rooms.ops[0].room_ids).to.eql([rooms[1], rooms[3]]);
    expect(first.lists.all_rooms.count).to.equal(4);
    const next = await slider.sync(allRooms({}, [0, 3]));
    expect(Object.keys(next.rooms).sort()).to.eql([rooms[0], rooms[2]].sort());
    expect(next.rooms[rooms[0]!].initial).to.equal(true);
  });

  it('that fell out of the range are told of in full when they come back', async () => {
    const rooms = [await alice.createRoom(), await alice.createRoom()] as const;
    await slider.sync(allRooms({ timeline_limit: 10 }, [0, 1]));
    await alice.say(rooms[0], 'a1');
    await alice.say(rooms[1], 'b1');
    expect(Object.keys((await slider.sync(allRooms({ timeline_limit: 10 }, [0, 0]))).rooms)).to.eql([rooms[1]]);
    await alice.say(rooms[0], 'a2');
    expect(bodiesOf((await slider.sync(allRooms({ timeline_limit: 10 }, [0, 0]))).rooms[rooms[0]])).to.eql([
      'a1',
      'a2',
    ]);
  });

  it('are expanded at once when a subscription asks for more', async () => {
    const room = await alice.createRoom();
    for (const text of ['1', '2', '3']) await alice.say(room, text);
    await slider.sync(allRooms());
    const asked = {
      ...allRooms(),
      room_subscriptions: { [room]: { timeline_limit: 20, required_state: [['m.room.create', '']] } },
    };
    const { [room]: shown } = (await slider.sync(asked, 30_000)).rooms;
    expect(bodiesOf(shown)).to.eql(['1', '2', '3']);
    expect(shown).to.include({ unstable_expanded_timeline: true, limited: false, num_live: 0 });
    expect(shown.required_state.map((e: any) => e.type)).to.eql(['m.room.create']);
    expect((await slider.sync(asked)).rooms).to.eql({});
  });

  it('are not expanded where all that is shown is new, with a gap before it or without', async () => {
    const [gap, whole] = [await alice.createRoom(), await alice.createRoom()];
    await slider.sync(allRooms());
    for (const text of ['1', '2', '3']) await alice.say(gap, text);
    for (const text of ['1', '2']) await alice.say(whole, text);
    const wish = { timeline_limit: 2, required_state: [] };
    const { rooms } = await slider.sync({ ...allRooms(), room_subscriptions: { [gap]: wish, [whole]: wish } });
    expect(bodiesOf(rooms[gap])).to.eql(['2', '3']);
    expect(bodiesOf(rooms[whole])).to.eql(['1', '2']);
    for (const [room, limited] of [
      [gap, true],
      [whole, false],
    ] as const) {
      expect(rooms[room]).to.include({ limited, num_live: 2 }).and.not.have.property('unstable_expanded_timeline');
    }
  });

  it('that one is invited to, asks to enter and leaves', async () => {
    const room = await bob.createRoom({ preset: 'private_chat', name: 'Burrow' });
    await bob.invite(room, alice);
    const invited = (await slider.sync(allRooms())).rooms[room];
    expect(invited).to.include({ name: 'Burrow', initial: true });
    expect(invited.invite_state.map((e: any) => e.type)).to.include.members([
      'm.room.create',
      'm.room.name',
      'm.room.member',
    ]);
    expect(invited).not.to.have.any.keys('timeline', 'required_state', 'joined_count');
    await alice.join(room);
    expect((await slider.sync(allRooms())).rooms[room]).to.include({ initial: true, joined_count: 2 });
    await bob.say(room, 'bye');
    await alice.leave(room);
    await bob.say(room, 'not for alice');
    const left = (await slider.sync(allRooms({ timeline_limit: 5, required_state: [['m.room.member', '$ME']] }))).rooms[
      room
    ];
    expect(left.timeline.map((e: any) => e.content.body ?? e.content.membership)).to.eql(['bye', 'leave']);
    expect(left.required_state.map((e: any) => e.content.membership)).to.eql(['leave']);
    expect((await slider.sync(allRooms())).rooms).to.eql({});
    expect((await new Slider(alice, 'other').sync(allRooms())).lists.all_rooms.count).to.equal(0);
  });

  it('of other servers are listed as soon as one is invited, on a connection that is open, too', async () => {
    const carol = await network.person('carol', 'b.test');
    await alice.createRoom();
    expect((await slider.sync(allRooms())).lists.all_rooms.count).to.equal(1);
    const waiting = slider.sync(allRooms(), 30_000);
    const room = await carol.createRoom({ preset: 'private_chat', name: 'Burrow' });
    await carol.invite(room, alice);
    const invited = await waiting;
    expect(invited.lists.all_rooms.count).to.equal(2);
    expect(invited.rooms[room]).to.include({ name: 'Burrow', initial: true });
    await alice.leave(room);
    const declined = (await slider.sync(allRooms())).rooms[room];
    expect(declined.timeline.map(({ content }: any) => content.membership)).to.eql(['leave']);
    // This server knows of no place there to go back from.
    expect(declined).not.to.have.property('prev_batch');
  });

  it('of other servers are what the last invitation says that they are', async () => {
    const carol = await network.person('carol', 'b.test');
    const room = await carol.createRoom({ preset: 'private_chat' });
    const encrypted = allRooms({ filters: { is_encrypted: true } });
    const countOf = async () => (await slider.sync(encrypted)).lists.all_rooms.count;
    await carol.invite(room, alice);
    expect((await slider.sync(allRooms())).rooms).to.have.property(room);
    expect(await countOf()).to.equal(0);
    await carol.kick(room, alice);
    await carol.setState(room, ['m.room.encryption', ''], { algorithm: 'm.megolm.v1.aes-sha2' });
    await carol.invite(room, alice);
    expect(await countOf()).to.equal(1);
  });

  it('that are asked for by name are told of once one may see them', async () => {
    const room = await bob.createRoom({ name: 'Burrow' });
    const body = { room_subscriptions: { [room]: { timeline_limit: 5, required_state: [] } } };
    expect((await slider.sync(body)).rooms).to.eql({});
    await bob.invite(room, alice);
    expect((await slider.sync(body)).rooms[room]).to.include({ name: 'Burrow' });
    await alice.join(room);
    expect((await slider.sync(body)).rooms[room]).to.include({ joined_count: 2 });
  });

  it('are filtered', async () => {
    const plain = await alice.createRoom();
    const space = await alice.createRoom({ creation_content: { type: 'm.space' } });
    const secret = await alice.createRoom({
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    const invite = await bob.createRoom({ invite: [alice.userId], name: 'Foxhole' });
    await alice.setState(plain, ['m.room.name', ''], { name: 'The FOX and the hen' });
    await alice.setState(secret, ['m.room.name', ''], { name: 'Hens only' });
    await alice.setState(space, ['m.space.child', plain], { via: ['a.test'] });
    await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, { [bob.userId]: [secret] });
    await alice.ask('PUT', `/user/${alice.userId}${pathOf(plain)}/tags/m.favourite`, { order: 0.5 });
    const cases: readonly [object, readonly string[]][] = [
      [{}, [plain, space, secret, invite]],
      [{ is_dm: true }, [secret]],
      [{ is_dm: false }, [plain, space, invite]],
      [{ is_encrypted: true }, [secret]],
      [{ is_invite: true }, [invite]],
      [{ is_invite: false }, [plain, space, secret]],
      [{ room_types: ['m.space'] }, [space]],
      [{ not_room_types: ['m.space'] }, [plain, secret, invite]],
      [{ room_types: [null], is_invite: false }, [plain, secret]],
      [{ tags: ['m.favourite'] }, [plain]],
      [{ not_tags: ['m.favourite'], is_invite: false }, [space, secret]],
      [{ spaces: [space] }, [plain]],
      // Nobody finds out what rooms are called that they are not in.
      [{ room_name_like: 'fox' }, [plain]],
      [{ room_name_like: 'HEN' }, [plain, secret]],
      [{ room_name_like: 'hen', is_encrypted: false }, [plain]],
      [{ room_name_like: 'cat' }, []],
      // Part of every name: of what has one, and one is in.
      [{ room_name_like: '' }, [plain, secret]],
      [{ room_name_like: null }, [plain, space, secret, invite]],
    ];
    for (const [filters, expected] of cases) {
      const answer = await new Slider(alice, 'filters').sync(allRooms({ filters }));
      const { room_ids: ids } = answer.lists.all_rooms.ops[0];
      expect(ids.toSorted(), JSON.stringify(filters)).to.eql(expected.toSorted());
    }
    expect((await slider.sync(allRooms())).rooms[secret].is_dm).to.equal(true);
    for (const [filters, expected] of cases) {
      const { is_invite: isInvited, ...others } = filters as { is_invite?: boolean };
      const list = { timeline_limit: 0, required_state: {}, filters: { ...others, is_invited: isInvited } };
      const { body } = await call('POST', `${alice.home.url}/_matrix/client/v4/sync`, {
        token: alice.token,
        body: { lists: { list } },
      });
      expect(body.lists.list.count, JSON.stringify(filters)).to.equal(expected.length);
      expect(Object.keys(body.rooms).sort(), JSON.stringify(filters)).to.eql(expected.toSorted());
    }
  });

  it('come into a list and go out of it as their names change', async () => {
    const room = await alice.createRoom({ name: 'Fox' });
    const other = await alice.createRoom({ name: 'Hen' });
    const asked = allRooms({ filters: { room_name_like: 'fox' } });
    const list = async () => (await slider.sync(asked)).lists.all_rooms;
    const ids = async () => (await list()).ops[0].room_ids;
    expect(await ids()).to.eql([room]);
    await alice.setState(other, ['m.room.name', ''], { name: 'Foxes' });
    expect((await ids()).sort()).to.eql([room, other].sort());
    await alice.setState(room, ['m.room.name', ''], { name: 'Wolf' });
    expect(await ids()).to.eql([other]);
    expect(await list()).to.eql({ count: 1, ops: [] });
    const late = await bob.createRoom({ name: 'Late fox', preset: 'public_chat' });
    await alice.join(late);
    expect((await ids()).sort()).to.eql([late, other].sort());
  });

  it('answer a position that is not known with M_UNKNOWN_POS', async () => {
    await slider.sync(allRooms());
    const old = slider.pos;
    for (const pos of ['0/s1_1', 'n1.abcdefghijkl.1_1_1', `${old}999999999999999`.replace(/_0(9+)$/, '_$1')]) {
      const { status, body } = await slider.request(allRooms(), 0, pos);
      expect([status, body.errcode], pos).to.eql([400, 'M_UNKNOWN_POS']);
    }
    const room = await alice.createRoom();
    await slider.sync(allRooms());
    await alice.say(room, 'more');
    await slider.sync(allRooms());
    expect((await slider.request(allRooms(), 0, old)).body.errcode).to.equal('M_UNKNOWN_POS');
  });

  it('go on after a restart as if nothing had been', async () => {
    const room = await alice.createRoom();
    const quiet = await alice.createRoom();
    await slider.sync(allRooms());
    await alice.say(room, 'before');
    await slider.lose(allRooms());
    await network.stop('a.test');
    await network.start('a.test');
    const answer = await slider.sync(allRooms());
    expect(Object.keys(answer.rooms)).to.eql([room]);
    expect(bodiesOf(answer.rooms[room])).to.eql(['before']);
    await network.stop('a.test');
    await network.start('a.test');
    expect((await slider.sync(allRooms())).rooms).to.eql({});
    await alice.say(quiet, 'after');
    expect(Object.keys((await slider.sync(allRooms())).rooms)).to.eql([quiet]);
  });
});
