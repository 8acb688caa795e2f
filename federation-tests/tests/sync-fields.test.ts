import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const typesIn = (section: any): string[] => (section?.events ?? []).map(({ type }: any) => type);

/** https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync, what has no test of its own elsewhere. */
describe('the answers of /sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const ask = (person: Person, more: Readonly<Record<string, unknown>> = {}): Promise<any> => {
    const query = Object.entries(more).map(([name, value]) => {
      return `${name}=${encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))}`;
    });
    return person.ask('GET', `/sync?${query.join('&')}`);
  };
  const joined = async (person: Person, more?: Readonly<Record<string, unknown>>): Promise<any> =>
    (await ask(person, more)).rooms?.join?.[room];
  const limited = (limit: number) => ({ room: { timeline: { limit } } });

  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom();
  });

  it('are nearly empty where there is nothing to tell', async () => {
    const { next_batch: since } = await ask(alice);
    const answer = await ask(alice, { since });
    expect(Object.keys(answer).toSorted()).to.eql([
      'device_one_time_keys_count',
      'device_unused_fallback_key_types',
      'next_batch',
    ]);
    expect(answer.device_one_time_keys_count).to.be.an('object');
    expect(answer.device_unused_fallback_key_types).to.eql([]);
  });

  describe('sum up a room', () => {
    const summary = async (more?: Readonly<Record<string, unknown>>) => (await joined(alice, more))?.summary;
    const counts = (joined: number, invited: number) => ({
      'm.joined_member_count': joined,
      'm.invited_member_count': invited,
    });

    it('by its first five members where it has neither name nor alias, never by the reader', async () => {
      expect(await summary()).to.eql(counts(1, 0));
      const others: Person[] = [];
      for (let i = 0; i < 6; i++) {
        const other = await network.person(`other${i}`, 'a.test');
        if (i < 5) await other.join(room);
        else await alice.invite(room, other);
        others.push(other);
      }
      const heroes = others.slice(0, 5).map(({ userId }) => userId);
      expect(await summary()).to.eql({ 'm.heroes': heroes, ...counts(6, 1) });
      await alice.setState(room, ['m.room.name', ''], { name: 'Kitchen' });
      expect(await summary()).to.eql(counts(6, 1));
      await alice.setState(room, ['m.room.name', ''], { name: '' });
      expect(await summary()).to.have.property('m.heroes');
    });

    it('by those who have left, where nobody else is there', async () => {
      await bob.join(room);
      await bob.leave(room);
      expect(await summary()).to.eql({ 'm.heroes': [bob.userId], ...counts(1, 0) });
    });

    it('not by those who ask to be let in', async () => {
      await alice.setState(room, ['m.room.join_rules', ''], { join_rule: 'knock' });
      await bob.knock(room);
      expect(await summary()).to.eql(counts(1, 0));
    });

    it('again when it loses its name', async () => {
      await bob.join(room);
      await alice.setState(room, ['m.room.name', ''], { name: 'Kitchen' });
      const filter = { room: { state: { lazy_load_members: true }, timeline: { limit: 1 } } };
      const { next_batch: since } = await ask(alice, { filter });
      await alice.setState(room, ['m.room.name', ''], {});
      const told = await joined(alice, { since, filter });
      expect(told.summary).to.eql({ 'm.heroes': [bob.userId], ...counts(2, 0) });
      expect(told.state.events.map((event: any) => event.state_key)).to.eql([bob.userId]);
    });

    it('again when members change, and only then', async () => {
      const { next_batch: since } = await ask(alice);
      await alice.say(room, 'no change');
      expect(await summary({ since })).to.equal(undefined);
      await bob.join(room);
      expect(await summary({ since })).to.eql({ 'm.heroes': [bob.userId], ...counts(2, 0) });
    });
  });

  describe('tell state', () => {
    it('in full where that is asked for, of all rooms, without waiting', async () => {
      const quiet = await alice.createRoom();
      const { next_batch: since } = await ask(alice);
      await alice.setState(room, ['m.room.topic', ''], { topic: 'x' });
      const answer = await ask(alice, { since, full_state: true, timeout: 30_000 });
      expect(Object.keys(answer.rooms.join).toSorted()).to.eql([quiet, room].toSorted());
      expect(answer.rooms.join[quiet].timeline.events).to.eql([]);
      expect(typesIn(answer.rooms.join[quiet].state)).to.include.members(['m.room.create', 'm.room.member']);
      expect(typesIn(answer.rooms.join[room].timeline)).to.eql(['m.room.topic']);
      expect(typesIn(answer.rooms.join[room].state)).to.include('m.room.create').and.not.include('m.room.topic');
    });

    it('as it is after the timeline, by both names', async () => {
      const { next_batch: since } = await ask(alice);
      await alice.setState(room, ['m.room.topic', ''], { topic: 'first' });
      await alice.setState(room, ['m.room.topic', ''], { topic: 'second' });
      const ways: [string, string][] = [
        ['use_state_after', 'state_after'],
        ['org.matrix.msc4222.use_state_after', 'org.matrix.msc4222.state_after'],
      ];
      for (const [parameter, field] of ways) {
        const told = await joined(alice, { since, [parameter]: true });
        expect(
          told[field].events.map(({ content }: any) => content.topic),
          field,
        ).to.eql(['second']);
        expect(told, field).to.not.have.property('state');
        const first = await joined(alice, { [parameter]: true, filter: limited(1) });
        expect(typesIn(first[field]), field).to.include.members(['m.room.create', 'm.room.topic']);
        await alice.leave(await alice.createRoom());
        const left: any = Object.values((await ask(alice, { since, [parameter]: true })).rooms.leave)[0];
        expect(left, field).to.have.property(field).and.not.have.property('state');
      }
      expect(await joined(alice, { since })).to.not.have.any.keys('state_after', 'org.matrix.msc4222.state_after');
    });
  });

  describe('cut timelines', () => {
    it('where there is too much, with a token to read on backwards until what is known', async () => {
      const { next_batch: since } = await ask(alice);
      for (let i = 0; i < 30; i++) await alice.say(room, `${i}`);
      const told = await joined(alice, { since, filter: limited(5) });
      expect([told.timeline.limited, textsOf(told.timeline.events)]).to.eql([true, ['25', '26', '27', '28', '29']]);
      const texts: string[] = [];
      for (let from = told.timeline.prev_batch; from !== undefined;) {
        const path = `${pathOf(room)}/messages?dir=b&limit=7&from=${from}&to=${since}`;
        const { chunk, end } = await alice.ask('GET', path);
        texts.push(...textsOf(chunk));
        from = end;
      }
      expect(texts.toReversed()).to.eql(Array.from({ length: 25 }, (_, i) => `${i}`));
      expect((await joined(alice, { since, filter: limited(50) })).timeline.limited).to.equal(false);
    });

    it('at their bounds, whatever the filter says', async () => {
      for (let i = 0; i < 12; i++) await alice.say(room, `${i}`);
      expect(textsOf((await joined(alice)).timeline.events)).to.have.length(10);
      expect((await joined(alice, { filter: limited(1e9) })).timeline.events.length).to.be.greaterThan(12);
      const none = (await joined(alice, { filter: limited(0) })).timeline;
      expect([none.events, none.limited]).to.eql([[], true]);
    });
  });

  describe('tell of rooms that one is not in', () => {
    it('up to when one left, and again in a first sync that asks for them', async () => {
      await bob.join(room);
      const { next_batch: since } = await ask(bob);
      await alice.say(room, 'before');
      await bob.leave(room);
      await alice.say(room, 'after');
      await alice.setState(room, ['m.room.topic', ''], { topic: 'later' });
      const { leave } = (await ask(bob, { since })).rooms;
      expect(typesIn(leave[room].timeline)).to.eql(['m.room.message', 'm.room.member']);
      const archived = (await ask(bob, { filter: { room: { include_leave: true, timeline: { limit: 2 } } } })).rooms;
      expect(typesIn(archived.leave[room].timeline)).to.eql(['m.room.message', 'm.room.member']);
      expect(typesIn(archived.leave[room].state)).to.include('m.room.create').and.not.include('m.room.topic');
      expect(JSON.stringify(archived)).to.not.include('after').and.not.include('later');
      expect((await ask(bob)).rooms).to.equal(undefined);
      await bob.forget(room);
      expect((await ask(bob, { filter: { room: { include_leave: true } } })).rooms).to.equal(undefined);
    });

    it('as kicked and banned, with who did it and why', async () => {
      await bob.join(room);
      const { next_batch: since } = await ask(bob);
      await alice.ask('POST', `${pathOf(room)}/ban`, { user_id: bob.userId, reason: 'because' });
      const { timeline } = (await ask(bob, { since })).rooms.leave[room];
      expect(timeline.events.at(-1)).to.deep.include({ sender: alice.userId, state_key: bob.userId });
      expect(timeline.events.at(-1).content).to.eql({ membership: 'ban', reason: 'because' });
    });
  });

  describe('go on from tokens', () => {
    it('after a restart, and after the same answer got lost', async () => {
      const { next_batch: since } = await ask(alice);
      await alice.say(room, 'one');
      await network.stop('a.test');
      await network.start('a.test');
      Object.assign(alice, { home: network.server('a.test') });
      for (let i = 0; i < 2; i++) expect(textsOf((await joined(alice, { since })).timeline.events)).to.eql(['one']);
    });

    it('that were never given, as if there were none', async () => {
      const { next_batch } = await ask(alice);
      const future = next_batch.replace(/_(\d+)/, (_: string, position: string) => `_${position}0000`);
      for (const since of ['garbage', 's0', future, 's72594_4483_1934', 't5', 'x'.repeat(5_000), '\u0000']) {
        const answer = await ask(alice, { since, timeout: 30_000 });
        expect(Object.keys(answer.rooms.join), since).to.eql([room]);
        expect(typesIn(answer.rooms.join[room].timeline), since).to.include('m.room.create');
      }
    });

    it('of before there was something new to follow', async () => {
      const { next_batch } = await ask(alice);
      const older = next_batch.split('_').slice(0, 3).join('_');
      await alice.say(room, 'new');
      expect(textsOf((await joined(alice, { since: older })).timeline.events)).to.eql(['new']);
    });
  });
});
