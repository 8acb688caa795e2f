import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const typesIn = (section: any): string[] => (section?.events ?? []).map(({ type }: any) => type);
const bodiesIn = (room: any): string[] =>
  (room?.timeline.events ?? []).flatMap(({ content, state_key: key }: any) => (key === undefined ? content.body : []));

/** https://spec.matrix.org/latest/client-server-api/#filtering, field by field. */
describe('filters of /sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  let other: string;

  before(async () => {
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { presence: { enabled: true } } });
  });
  after(() => network[Symbol.asyncDispose]());

  const ask = (filter: unknown, more = ''): Promise<any> => {
    const text = typeof filter === 'string' ? filter : JSON.stringify(filter);
    return alice.ask('GET', `/sync?set_presence=offline&filter=${encodeURIComponent(text)}${more}`);
  };
  const joined = async (filter: object, more?: string): Promise<any> => (await ask(filter, more)).rooms?.join ?? {};
  const told = async (filter: object, more?: string): Promise<any> => (await joined(filter, more))[room];
  const since = async (): Promise<string> => `&since=${(await ask({})).next_batch}`;
  const send = (body: string, more: object = {}, type = 'm.room.message') => bob.send(room, type, { body, ...more });

  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    [room, other] = await Promise.all([alice.createRoom(), alice.createRoom()]);
    await bob.join(room);
  });

  describe('of the timeline', () => {
    const timeline = async (filter: object): Promise<string[]> => bodiesIn(await told({ room: { timeline: filter } }));

    it('choose by type, by sender, and by whether there is a URL; what is left out wins', async () => {
      await send('one');
      await alice.say(room, 'two');
      await send('three', { url: 'mxc://a.test/three' });
      await send('four', {}, 'x.custom');
      const cases: [object, string[]][] = [
        [{}, ['one', 'two', 'three', 'four']],
        [{ types: ['m.room.message'] }, ['one', 'two', 'three']],
        [{ types: ['m.*'] }, ['one', 'two', 'three']],
        [{ types: ['*'], not_types: ['m.room.*'] }, ['four']],
        [{ types: ['x.custom'], not_types: ['x.custom'] }, []],
        [{ senders: [bob.userId] }, ['one', 'three', 'four']],
        [{ not_senders: [bob.userId] }, ['two']],
        [{ senders: [bob.userId], not_senders: [bob.userId] }, []],
        [{ contains_url: true }, ['three']],
        [{ contains_url: false }, ['one', 'two', 'four']],
        [{ rooms: [room] }, ['one', 'two', 'three', 'four']],
        [{ rooms: [other] }, []],
        [{ not_rooms: [room] }, []],
        [{ rooms: [room], not_rooms: [room] }, []],
        [{ limit: 2 }, ['three', 'four']],
        [{ limit: 1, types: ['m.room.message'], senders: [alice.userId] }, ['two']],
        [{ types: [] }, []],
        [{ senders: [] }, []],
      ];
      for (const [filter, expected] of cases) expect(await timeline(filter), JSON.stringify(filter)).to.eql(expected);
    });

    it('choose by what others have said about it, and who, as long as that is there', async () => {
      const carol = await network.person('carol', 'a.test');
      const events = [];
      for (const body of ['one', 'two', 'three', 'four']) events.push(await alice.say(room, body));
      const [one = '', two = '', three = ''] = events;
      const reply = (person: Person, type: string, eventId: string) =>
        person.send(room, 'x.reply', { 'm.relates_to': { rel_type: type, event_id: eventId } });
      await reply(bob, 'm.thread', one);
      await reply(bob, 'x.other', two);
      await carol.join(room);
      const after = await reply(carol, 'm.thread', three);
      const by = (relTypes: string[], senders?: string[]) =>
        timeline({ related_by_rel_types: relTypes, ...(senders && { related_by_senders: senders }) });
      expect(await by(['m.thread'])).to.eql(['one', 'three']);
      expect(await by(['m.thread', 'x.other'], [bob.userId])).to.eql(['one', 'two']);
      expect(await by(['x.none'])).to.eql([]);
      expect(await by([])).to.eql([]);
      await carol.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(after)}/1`, {});
      expect(await by(['m.thread'], [carol.userId])).to.eql([]);
    });

    it('cut it where there is more that is wanted, and nowhere else', async () => {
      for (let i = 0; i < 4; i++) await send(`${i}`);
      const isCut = async (filter: object) => (await told({ room: { timeline: filter } })).timeline.limited;
      expect(await isCut({ limit: 2, types: ['m.room.message'] })).to.equal(true);
      expect(await isCut({ limit: 4, types: ['m.room.message'] })).to.equal(false);
      for (const nothing of [{ types: [] }, { rooms: [] }, { not_rooms: [room] }]) {
        expect(await isCut(nothing), JSON.stringify(nothing)).to.equal(false);
      }
    });

    it('look no further where nothing is wanted, not even in a room that others began', async () => {
      const carol = await network.person('carol', 'b.test');
      const theirs = await carol.createRoom();
      await carol.say(theirs, 'before');
      await alice.join(theirs, ['b.test']);
      const isCut = async (filter: object) => (await joined({ room: { timeline: filter } }))[theirs].timeline.limited;
      expect([await isCut({}), await isCut({ types: [] }), await isCut({ not_rooms: [theirs] })]).to.eql([
        true,
        false,
        false,
      ]);
    });

    it('do not take news of other kinds away', async () => {
      const after = await since();
      await send('unwanted');
      const filter = { room: { timeline: { types: [] } } };
      expect((await told(filter, after)).unread_notifications.notification_count).to.equal(1);
      await alice.setState(room, ['m.room.topic', ''], { topic: 'wanted' });
      expect(typesIn((await told(filter, after)).state)).to.eql(['m.room.topic']);
    });

    it('count by thread where that is wanted', async () => {
      const root = await alice.say(room, 'root');
      await alice.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(root)}`, {});
      await send('in it', { 'm.relates_to': { rel_type: 'm.thread', event_id: root } });
      await send('outside');
      const one = { notification_count: 1, highlight_count: 0 };
      const parted = await told({ room: { timeline: { unread_thread_notifications: true } } });
      expect([parted.unread_notifications, parted.unread_thread_notifications]).to.eql([one, { [root]: one }]);
      const whole = await told({});
      expect(whole.unread_notifications.notification_count).to.equal(2);
      expect(whole).to.not.have.property('unread_thread_notifications');
    });
  });

  describe('of state', () => {
    const FIRST = { timeline: { limit: 1 } };
    const state = async (filter: object): Promise<string[]> =>
      typesIn((await told({ room: { ...FIRST, state: filter } })).state).toSorted();

    it('choose as those of the timeline do', async () => {
      await alice.setState(room, ['m.room.avatar', ''], { url: 'mxc://a.test/picture' });
      await alice.setState(room, ['x.custom', 'key'], { body: 'x' });
      await send('last');
      const cases: [object, string[]][] = [
        [{ types: ['m.room.create'] }, ['m.room.create']],
        [{ types: ['m.room.avatar', 'x.*'] }, ['m.room.avatar', 'x.custom']],
        [{ types: ['m.room.avatar', 'x.*'], not_types: ['x.*'] }, ['m.room.avatar']],
        [{ senders: [bob.userId] }, ['m.room.member']],
        [{ not_senders: [alice.userId] }, ['m.room.member']],
        [{ contains_url: true }, ['m.room.avatar']],
        [{ types: ['x.*'], contains_url: false }, ['x.custom']],
        [{ rooms: [other] }, []],
        [{ not_rooms: [room] }, []],
        [{ types: [] }, []],
      ];
      for (const [filter, expected] of cases) expect(await state(filter), JSON.stringify(filter)).to.eql(expected);
    });

    it('load members lazily, once, unless they are wanted again', async () => {
      const carol = await network.person('carol', 'a.test');
      await carol.join(room);
      await alice.setState(room, ['m.room.name', ''], { name: 'Square' });
      await send('hello');
      const lazy = (more: object = {}) => ({ room: { ...FIRST, state: { lazy_load_members: true, ...more } } });
      const members = (section: any) =>
        (section.state.events as any[]).filter(({ type }) => type === 'm.room.member').map((event) => event.state_key);
      const first = await ask(lazy());
      expect(members(first.rooms.join[room]).toSorted()).to.eql([alice.userId, bob.userId].toSorted());
      await send('again');
      const after = `&since=${first.next_batch}`;
      expect(members(await told(lazy(), after))).to.eql([]);
      expect(members(await told(lazy({ include_redundant_members: true }), after))).to.eql([bob.userId]);
      const whole = await told({ room: { ...FIRST, state: { include_redundant_members: true } } });
      expect(members(whole)).to.have.length(3);
    });
  });

  describe('of what is not kept in the room', () => {
    const typing = () =>
      bob.ask('PUT', `${pathOf(room)}/typing/${encodeURIComponent(bob.userId)}`, { typing: true, timeout: 60_000 });

    it('choose ephemeral events', async () => {
      const event = await alice.say(room, 'read this');
      const after = await since();
      await typing();
      await bob.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(event)}`, {});
      const ephemeral = async (filter: object) =>
        typesIn((await told({ room: { ephemeral: filter } }, after))?.ephemeral);
      expect((await ephemeral({})).toSorted()).to.eql(['m.receipt', 'm.typing']);
      expect(await ephemeral({ types: ['m.typing'] })).to.eql(['m.typing']);
      expect(await ephemeral({ not_types: ['m.typing'] })).to.eql(['m.receipt']);
      for (const nothing of [{ types: [] }, { rooms: [other] }, { not_rooms: [room] }]) {
        expect(await ephemeral(nothing), JSON.stringify(nothing)).to.eql([]);
      }
    });

    it('choose account data, of the room and of none', async () => {
      const path = `/user/${encodeURIComponent(alice.userId)}`;
      for (const type of ['x.one', 'x.two']) {
        await alice.ask('PUT', `${path}/account_data/${type}`, {});
        await alice.ask('PUT', `${path}${pathOf(room)}/account_data/${type}`, {});
      }
      const ofRoom = async (filter: object) => typesIn((await told({ room: { account_data: filter } }))?.account_data);
      const ofNone = async (filter: object) => typesIn((await ask({ account_data: filter })).account_data);
      expect((await ofRoom({})).toSorted()).to.eql(['x.one', 'x.two']);
      expect((await ofNone({})).toSorted()).to.eql(['m.push_rules', 'x.one', 'x.two']);
      for (const choose of [ofRoom, ofNone]) {
        expect(await choose({ types: ['x.one'] })).to.eql(['x.one']);
        expect(await choose({ types: ['x.*'], not_types: ['x.two'] })).to.eql(['x.one']);
        expect(await choose({ types: [] })).to.eql([]);
      }
      expect(await ofRoom({ not_rooms: [room] })).to.eql([]);
    });

    it('choose presence', async () => {
      await bob.ask('PUT', `/presence/${encodeURIComponent(bob.userId)}/status`, { presence: 'online' });
      network.clock.advance(5_000);
      await network.settle();
      const seen = async (filter: object) => ((await ask({ presence: filter })).presence?.events ?? []).length;
      expect(await seen({})).to.equal(1);
      expect(await seen({ senders: [bob.userId] })).to.equal(1);
      for (const none of [{ types: [] }, { not_types: ['m.presence'] }, { not_senders: [bob.userId] }]) {
        expect(await seen(none), JSON.stringify(none)).to.equal(0);
      }
    });
  });

  describe('of rooms', () => {
    const sections = async (filter: object) => {
      const { rooms = {} } = await ask({ room: filter });
      return Object.fromEntries(
        Object.entries(rooms).map(([section, of]) => [section, Object.keys(of as object).toSorted()]),
      );
    };

    it('hold for each section', async () => {
      const [invited, left, asked] = [await bob.createRoom(), await bob.createRoom(), await bob.createRoom()];
      await bob.invite(invited, alice);
      await alice.join(left);
      await alice.leave(left);
      await bob.setState(asked, ['m.room.join_rules', ''], { join_rule: 'knock' });
      await alice.knock(asked);
      const all = { join: [room, other].toSorted(), invite: [invited], knock: [asked] };
      expect(await sections({})).to.eql(all);
      expect(await sections({ include_leave: false })).to.eql(all);
      expect(await sections({ include_leave: true })).to.eql({ ...all, leave: [left] });
      expect(await sections({ rooms: [room] })).to.eql({ join: [room] });
      expect(await sections({ rooms: [left, invited], include_leave: true })).to.eql({
        invite: [invited],
        leave: [left],
      });
      expect(await sections({ not_rooms: [invited, left, other, asked], include_leave: true })).to.eql({
        join: [room],
      });
      expect(await sections({ rooms: [room], not_rooms: [room] })).to.eql({});
      expect(await sections({ rooms: [] })).to.eql({});
    });
  });

  describe('of the form of events', () => {
    it('leave out fields, also of state', async () => {
      await bob.send(room, 'm.room.message', { body: 'hello', 'with.dot': 1, deep: { one: 1, two: 2 } });
      const fields = ['type', 'content.body', 'content.deep.one', 'content.with\\.dot'];
      const { timeline, state } = await told({ event_fields: fields, room: { timeline: { limit: 1 } } });
      const content = { body: 'hello', 'with.dot': 1, deep: { one: 1 } };
      expect(timeline.events).to.eql([{ type: 'm.room.message', content }]);
      for (const event of state.events) expect(Object.keys(event)).to.not.include('sender');
      expect(typesIn(state)).to.include('m.room.create');
    });

    it('show them as servers do', async () => {
      await send('hello');
      const { timeline, state } = await told({ event_format: 'federation', room: { timeline: { limit: 1 } } });
      for (const event of [...timeline.events, ...state.events]) {
        expect(event).to.include.keys('auth_events', 'prev_events', 'hashes', 'signatures', 'depth');
        expect(event).to.not.have.property('event_id');
      }
    });

    it('show what is wanted of them as servers do', async () => {
      await send('hello');
      const form = { event_format: 'federation', event_fields: ['type', 'depth'] };
      const { timeline } = await told({ ...form, room: { timeline: { limit: 1 } } });
      expect(Object.keys(timeline.events[0])).to.have.members(['type', 'depth']);
    });
  });

  describe('themselves', () => {
    it('may be stored, and are refused when they are no filters', async () => {
      await send('hello');
      const path = `/user/${encodeURIComponent(alice.userId)}/filter`;
      const { filter_id: id } = await alice.ask('POST', path, { room: { timeline: { types: [] } } });
      expect((await ask(id)).rooms.join[room].timeline.events).to.eql([]);
      const bad = ['{', '{"room":7}', '{"room":{"timeline":{"limit":"x"}}}', '{"event_format":"x"}', '999999', 'x'];
      for (const text of bad) {
        const answer = await alice.request('GET', `/sync?filter=${encodeURIComponent(text)}`);
        expect(answer.status, text).to.be.oneOf([400, 404]);
      }
    });
  });
});
