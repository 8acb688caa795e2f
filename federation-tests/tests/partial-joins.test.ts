import type { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import { withoutEvents } from '../src/hidden-state.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

const MINUTE_MS = 60_000;

describe('a room that is joined before all of it is known', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let others: Person[];
  let room: string;

  beforeEach(async () => {
    network = await TestNetwork.with({
      names: ['a.test', 'b.test', 'c.test'],
      config: { rooms: { omit_members_from: 1 } },
    });
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
    others = await Promise.all(['one', 'two', 'three', 'four'].map((name) => network.person(name, 'a.test')));
    room = await alice.createRoom({ preset: 'public_chat', name: 'Large' });
    for (const other of others) await other.join(room);
    await network.settle();
  });
  afterEach(async () => {
    for (const release of held.splice(0)) release();
    await network[Symbol.asyncDispose]();
  });

  const held: (() => void)[] = [];
  const rooms = (name: string) => network.server(name).running.services.rooms;
  const partial = (name: string) => rooms(name).engine.partial.all();

  /** The full state cannot be had until the returned function is called. Until then the network never settles. */
  const hold = (name: string): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { remote } = rooms(name);
    const state = remote.state.bind(remote);
    remote.state = async (...args) => {
      await promise;
      return state(...args);
    };
    held.push(resolve);
    return resolve;
  };
  const members = async (person: Person) => Object.keys(await person.members(room)).sort();

  it('is usable at once, and has everybody in it afterwards', async () => {
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    expect(partial('b.test').length).to.equal(1);
    await alice.say(room, 'hello Bob');
    await others[0]!.say(room, 'and from me, whom you do not know');
    const said = await bob.say(room, 'hello all');
    await bob.view.untilMessage(room, 'and from me, whom you do not know');
    await alice.view.untilMessage(room, 'hello all');
    expect(bob.view.joined.get(room)!.state.get('m.room.name ')).to.eql({ name: 'Large' });
    expect(bob.view.joined.get(room)!.state.has(`m.room.member ${others[1]!.userId}`)).to.equal(false);
    const waiting = members(bob);
    release();
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    expect(await waiting).to.eql(await members(alice));
    expect(await bob.state(room)).to.eql(await alice.state(room));
    // Clients learn of the others, and that these may have devices, by their next sync.
    const { device_lists: lists } = await bob.view.sync();
    expect(lists.changed).to.include.members(others.map(({ userId }) => userId));
    for (const other of others) {
      expect(bob.view.joined.get(room)!.state.get(`m.room.member ${other.userId}`)).to.include({ membership: 'join' });
    }
    expect((await bob.event(room, said)).status).to.equal(200);
    expect(textsOf(await alice.history(room))[0]).to.equal('hello all');
  });

  it('tells who loads members lazily of those who speak, then and later, and not of everybody at once', async () => {
    const more = Array.from({ length: 20 }, (_, n) => `more${n}`);
    for (const name of more) await (await network.person(name, 'a.test')).join(room);
    await network.settle();
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    await others[0]!.say(room, 'and from me, whom you do not know');
    await bob.view.untilMessage(room, 'and from me, whom you do not know');
    const filter = encodeURIComponent(JSON.stringify({ room: { state: { lazy_load_members: true } } }));
    const membersIn = (state: { type: string; state_key: string }[]) =>
      state.flatMap(({ type, state_key: user }) => (type === 'm.room.member' ? [user] : []));
    const told = async (since?: string) => {
      const answer = await bob.ask('GET', `/sync?filter=${filter}${since === undefined ? '' : `&since=${since}`}`);
      const users = membersIn(answer.rooms?.join?.[room]?.state.events ?? []);
      return { users, since: answer.next_batch as string };
    };
    const sliders = [[], [['*', '*']]].map((more, i) => {
      const state = [...more, ['m.room.member', '$LAZY']];
      return [new Slider(bob, `${i}`), allRooms({ timeline_limit: 20, required_state: state })] as const;
    });
    /** The same whether all other state is asked for or none. */
    const slid = async () => {
      const answers = sliders.map(
        async ([slider, body]) => (await slider.sync(body)).rooms[room]?.required_state ?? [],
      );
      const [one, other] = (await Promise.all(answers)).map(membersIn);
      expect(other).to.eql(one);
      return one;
    };
    expect(await slid()).to.include(others[0]!.userId);
    const first = await told();
    // Bob's own join is in the timeline.
    expect(first.users).to.eql([others[0]!.userId]);
    release();
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    const second = await told(first.since);
    expect(second.users).to.eql([]);
    expect(await slid()).to.eql([]);
    await others[1]!.say(room, 'nor me');
    await network.settle();
    expect((await told(second.since)).users).to.eql([others[1]!.userId]);
    expect(await slid()).to.eql([others[1]!.userId]);
  });

  it('is the same as if all had been known from the start', async () => {
    const release = hold('b.test');
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    await bob.join(room, ['a.test']);
    await others[0]!.leave(room);
    await alice.ban(room, others[1]!);
    await alice.setState(room, ['m.room.topic', ''], { topic: 'changed meanwhile' });
    await carol.setState(room, ['m.room.member', carol.userId], { membership: 'join', displayname: 'Carol' });
    await bob.say(room, 'still here');
    await bob.view.until('the topic', ({ joined }) => joined.get(room)?.state.get('m.room.topic ')?.topic);
    release();
    await network.settle();
    const [asBob, asCarol, asAlice] = await Promise.all([bob, carol, alice].map((person) => person.state(room)));
    expect(asBob).to.eql(asAlice);
    expect(asCarol).to.eql(asAlice);
    expect(await bob.members(room)).to.eql(await alice.members(room));
    const fresh = await bob.login();
    await fresh.view.sync();
    const state = fresh.view.joined.get(room)!.state;
    expect(state.get(`m.room.member ${others[1]!.userId}`)).to.include({ membership: 'ban' });
    expect(state.get(`m.room.member ${others[2]!.userId}`)).to.include({ membership: 'join' });
    // Servers that only unknown members are on have heard what was said, and hear what comes.
    await carol.view.untilMessage(room, 'still here');
    await bob.say(room, 'as ever');
    await network.settle();
    await carol.view.untilMessage(room, 'as ever');
  });

  it('is completed whatever its members are called', async () => {
    for (const [i, displayname] of ['zero\u0000', 'back\\u0000slash'].entries()) {
      await others[i]!.setState(room, ['m.room.member', others[i]!.userId], { membership: 'join', displayname });
    }
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    expect(await members(bob)).to.eql(await members(alice));
  });

  it('is completed after a restart', async () => {
    rooms('b.test').remote.state = () => Promise.reject(new Error('expected: not now'));
    await bob.join(room, ['a.test']);
    await bob.say(room, 'before');
    await network.settle();
    expect(partial('b.test').length).to.equal(1);
    await network.stop('b.test');
    await network.start('b.test');
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    expect(await bob.state(room)).to.eql(await alice.state(room));
    expect(await members(bob)).to.eql(await members(alice));
  });

  it('is completed when servers that were away are back, by any of them', async () => {
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    network.cut('a.test', 'b.test');
    network.cut('c.test', 'b.test');
    release();
    await network.settle();
    expect(partial('b.test').length).to.equal(1);
    await network.heal('c.test', 'b.test');
    for (let minute = 0; minute < 60 && partial('b.test').length > 0; minute++) {
      network.clock.advance(MINUTE_MS);
      await network.settle();
    }
    expect(partial('b.test')).to.eql([]);
    expect(await members(bob)).to.eql(await members(carol));
  });

  it('takes back what somebody said who had been banned', async () => {
    const mallory = await network.person('mallory', 'c.test');
    await mallory.join(room, ['a.test']);
    await network.settle();
    // Mallory's server does not hear of the ban, and Bob's does not know of it yet.
    network.cut('a.test', 'c.test');
    await alice.ban(room, mallory);
    await alice.say(room, 'after the ban');
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    const said = (await mallory.say(room, 'I am still here')) as EventId;
    const [pdu] = (await rooms('c.test').engine.events.byIds([said])).values();
    await rooms('b.test').ingest.receive('c.test' as never, room as never, [pdu!.event.pdu]);
    const [seen] = (await rooms('b.test').engine.events.byIds([said])).values();
    expect(seen?.status).to.equal('accepted');
    release();
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    const [now] = (await rooms('b.test').engine.events.byIds([said])).values();
    expect(now?.status).not.to.equal('accepted');
    expect(textsOf(await bob.history(room))).not.to.include('I am still here');
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });

  it('lets others of the server in once it is known that they may come', async () => {
    const banned = await network.person('banned', 'b.test');
    const welcome = await network.person('welcome', 'b.test');
    await alice.ban(room, banned);
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    const joins = Promise.all([banned, welcome].map((person) => person.request('POST', `${pathOf(room)}/join`, {})));
    release();
    expect((await joins).map(({ status }) => status)).to.eql([403, 200]);
  });

  it('is not vouched for to other servers meanwhile', async () => {
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    const carol = await network.person('carol', 'c.test');
    const joining = await carol.request('POST', `/join/${encodeURIComponent(room)}?via=b.test`, {});
    expect(joining.status).to.equal(404);
    expect(await carol.join(room, ['b.test', 'a.test'])).to.equal(room);
    release();
  });

  /** Somebody of a third server is in the room, so that there is another one to ask. */
  const thirdServer = async () => {
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    expect(partial('c.test')).to.eql([]);
    return carol;
  };

  it('is joined by another server where the first hides what the join rests on', async () => {
    await thirdServer();
    const { features } = network.server('a.test').running.services;
    const answer = features.joinAnswers.to.bind(features.joinAnswers);
    let lies = 0;
    features.joinAnswers.to = async (join, options) => {
      const honest = await answer(join, options);
      const events = await rooms('a.test').engine.events.load(honest.state);
      const hidden = [...events.values()].filter(({ event }) => event.type === 'm.room.power_levels');
      const nids = hidden.map(({ nid }) => nid);
      lies += nids.length;
      const state = honest.state.filter((nid) => !nids.includes(nid));
      return { ...honest, state, authChain: [...honest.authChain, ...nids] };
    };
    const release = hold('b.test');
    await bob.join(room, ['a.test', 'c.test']);
    expect(lies).to.equal(1);
    const levels = ['m.room.power_levels', ''] as const;
    expect(await bob.stateAt(room, levels)).to.eql(await alice.stateAt(room, levels));
    release();
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });

  it('is completed by another server where one hides what the join rests on', async () => {
    await thirdServer();
    const { remote } = rooms('b.test');
    const state = remote.state.bind(remote);
    const asked: string[] = [];
    remote.state = async (server, ...where) => {
      const honest = await state(server, ...where);
      asked.push(server);
      if (server !== 'a.test') return honest;
      return withoutEvents(honest, ({ type }) => type === 'm.room.power_levels');
    };
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(asked).to.eql(['a.test', 'c.test']);
    expect(partial('b.test')).to.eql([]);
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });

  it('can be left, and joined again', async () => {
    const release = hold('b.test');
    await bob.join(room, ['a.test']);
    await bob.leave(room);
    await alice.view.until('Bob leave', ({ joined }) => {
      return joined.get(room)?.state.get(`m.room.member ${bob.userId}`)?.membership === 'leave';
    });
    await bob.join(room, ['a.test']);
    release();
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });

  it('can be left when it is known, and joined again after a restart, with what was said meanwhile', async () => {
    await bob.join(room, ['a.test']);
    await network.settle();
    await bob.say(room, 'going');
    await bob.leave(room);
    await network.settle();
    await alice.say(room, 'while you were out');
    await alice.setState(room, ['m.room.topic', ''], { topic: 'changed meanwhile' });
    await network.stop('b.test');
    await network.start('b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(partial('b.test')).to.eql([]);
    const sync = await (await bob.login()).view.sync();
    expect(sync.rooms.join[room].summary['m.joined_member_count']).to.equal(others.length + 2);
    expect(await bob.state(room)).to.eql(await alice.state(room));
    expect(textsOf(await bob.history(room))).to.eql(textsOf(await alice.history(room)));
  });
});
