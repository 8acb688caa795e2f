import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { crashSettings } from '../crash/settings.ts';
import { createDatabase, type TestDatabase } from '../src/database.ts';
import { Person } from '../src/people.ts';
import { freePort, ServerProcess } from '../src/process.ts';
import { TestNetwork } from '../src/network.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

/** Dividing by how many there are fails while there is none. */
const isWrittenDown = ({ run }: TestDatabase): Promise<boolean> =>
  run('SELECT 1 / count(*) FROM sliding_connections').then(
    () => true,
    () => false,
  );

describe('connections of sliding sync', () => {
  it('go on after the server was killed, with nothing left out', async function () {
    this.timeout(120_000);
    await using database = await createDatabase();
    const config = { ...crashSettings, database: { url: database.url } };
    await using server = new ServerProcess({ name: 'killed.test', port: await freePort(), config });
    await server.start();
    const alice = await Person.register(server, 'alice');
    const slider = new Slider(alice);
    const rooms: string[] = [];
    for (let i = 0; i < 4; i++) rooms.push(await alice.createRoom());
    const body = allRooms({ timeline_limit: 10 }, [0, 1]);
    const heard = new Map(rooms.map((room) => [room, new Set<string>()]));
    const sync = async () => {
      const answer = await slider.sync(body);
      for (const room of Object.keys(answer.rooms)) {
        for (const text of bodiesOf(answer.rooms[room])) heard.get(room)?.add(text);
      }
      return answer;
    };
    await sync();
    // A connection that has not been written down at all is forgotten: its client starts afresh.
    while (!(await isWrittenDown(database))) await pause(20);
    for (let round = 0; round < 2; round++) {
      // Each goes in and out of the range, before and after anything can have been written down.
      for (const [i, room] of rooms.entries()) {
        await alice.say(room, `${round} ${i}`);
        await sync();
      }
      // One that is out of the range before it is told, while nothing of that can have been written down.
      for (const n of [0, 1, 2]) await alice.say(rooms[n]!, `${round} more`);
      await sync();
      await alice.say(rooms[0]!, `${round} unheard`);
      await server.kill();
      await server.start();
      expect((await sync()).pos).to.be.a('string');
    }
    const whole = await slider.sync(allRooms({ timeline_limit: 10 }, [0, 9]));
    for (const room of Object.keys(whole.rooms)) {
      for (const text of bodiesOf(whole.rooms[room])) heard.get(room)?.add(text);
    }
    const said = rooms.map((_, i) =>
      [0, 1].flatMap((r) => [`${r} ${i}`, ...(i < 3 ? [`${r} more`] : []), ...(i === 0 ? [`${r} unheard`] : [])]),
    );
    expect(rooms.map((room) => [...(heard.get(room) ?? [])].sort())).to.eql(said.map((texts) => texts.sort()));
  });

  describe('of one account', () => {
    let network: TestNetwork;
    let alice: Person;

    before(async () => (network = await TestNetwork.start('a.test')));
    after(() => network[Symbol.asyncDispose]());
    beforeEach(async () => (alice = await network.person('alice', 'a.test')));

    it('are told apart by device and by name, and know nothing of each other', async () => {
      const room = await alice.createRoom();
      const phone = await alice.login();
      const sliders = [new Slider(alice, 'one'), new Slider(alice, 'two'), new Slider(phone, 'one')];
      for (const slider of sliders) expect(Object.keys((await slider.sync(allRooms())).rooms)).to.eql([room]);
      await alice.say(room, 'hello');
      for (const slider of sliders) {
        expect(bodiesOf((await slider.sync(allRooms())).rooms[room])).to.eql(['hello']);
        expect((await slider.sync(allRooms())).rooms).to.eql({});
      }
      const taken = await new Slider(phone, 'two').request(allRooms(), 0, sliders[1]!.pos);
      expect([taken.status, taken.body.errcode]).to.eql([400, 'M_UNKNOWN_POS']);
    });

    it('go on from a position of before there was something new to follow', async () => {
      const room = await alice.createRoom();
      const slider = new Slider(alice);
      const asked = {
        ...allRooms(),
        extensions: {
          'io.element.msc4308.thread_subscriptions': { enabled: true },
          'org.matrix.msc4262.profiles': { enabled: true },
        },
      };
      await slider.sync(asked);
      slider.pos = slider.pos?.replace(/(_\d+){2}$/, '');
      await alice.say(room, 'new');
      expect(bodiesOf((await slider.sync(asked)).rooms[room])).to.eql(['new']);
      await alice.ask('PUT', `/profile/${alice.userId}/m.tz`, { 'm.tz': 'UTC' });
      const { extensions, rooms } = await slider.sync(asked);
      expect([rooms, Object.keys(extensions)]).to.eql([{}, ['org.matrix.msc4262.profiles']]);
    });

    it('are forgotten when there are more than a device needs, the longest unused first', async () => {
      await alice.createRoom();
      const sliders = Array.from({ length: 21 }, (_, n) => new Slider(alice, `connection ${n}`));
      const { connections } = network.server('a.test').running.services.syncing;
      const use = async (n: number) => {
        await sliders[n]!.sync(allRooms());
        await connections.write();
        network.clock.advance(61_000);
      };
      for (let n = 0; n < 20; n++) await use(n);
      await use(0);
      await use(20);
      await connections.trim();
      expect((await sliders[0]!.request(allRooms())).status).to.equal(200);
      const forgotten = await sliders[1]!.request(allRooms());
      expect([forgotten.status, forgotten.body.errcode]).to.eql([400, 'M_UNKNOWN_POS']);
    });
  });
});
