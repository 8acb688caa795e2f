import { type Sql, sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { DatabaseWire } from '../src/broken-database.ts';
import { type Answer, PATIENCE_MS } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

describe('a database whose answers are lost', () => {
  let wire: DatabaseWire;
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => {
    wire = await DatabaseWire.open();
    network = await TestNetwork.with({ names: ['a.test'], databaseUrlOf: () => wire.url });
  });
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom();
    await bob.join(room);
    await alice.view.sync();
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await wire[Symbol.asyncDispose]();
  });

  const count = async (rows: Sql): Promise<number> => (await network.server('a.test').rows(rows)).length;

  /** Has something done, and nobody hears that it was: the connection brings no more answers after `words`, and then breaks. */
  const unheard = async (act: () => Promise<Answer>, rows: Sql, ...words: readonly string[]): Promise<Answer> => {
    const before = await count(rows);
    wire.deafenAfter(...words);
    const answer = act();
    try {
      for (const end = performance.now() + PATIENCE_MS; (await count(rows)) === before;) {
        if (performance.now() > end) throw new Error('it was not done');
      }
    } finally {
      wire.break();
    }
    return answer;
  };
  const events = () => sql`SELECT FROM events JOIN rooms USING (room_nid) WHERE room_id = ${room}`;

  it('tells those who wait of a message that was stored', async () => {
    const heard = alice.view.untilMessage(room, 'unheard');
    const path = `${pathOf(room)}/send/m.room.message/1`;
    const say = () => bob.request('PUT', path, { msgtype: 'm.text', body: 'unheard' });
    const first = await unheard(say, events(), 'rooms.write');
    expect(first.status).to.equal(200);
    expect((await heard).event_id).to.equal(first.body.event_id);
    expect((await say()).body).to.deep.equal(first.body);
    expect(textsOf(await alice.history(room))).to.deep.equal(['unheard']);
  });

  it('tells of messages of several rooms that were stored together', async () => {
    const rooms = await Promise.all([0, 1, 2, 3, 4].map(() => alice.createRoom()));
    await alice.view.sync();
    const say = async (): Promise<Answer> => {
      const path = (id: string) => `${pathOf(id)}/send/m.room.message/2`;
      const all = rooms.map((id) => alice.request('PUT', path(id), { msgtype: 'm.text', body: 'unheard' }));
      return (await Promise.all(all)).find(({ status }) => status !== 200) ?? (await all[0]!);
    };
    expect((await unheard(say, sql`SELECT FROM events`, 'rooms.write')).status).to.equal(200);
    await alice.view.sync();
    for (const id of rooms) {
      expect(textsOf(alice.view.joined.get(id)!.timeline)).to.deep.equal(['unheard']);
      expect(textsOf(await alice.history(id))).to.deep.equal(['unheard']);
    }
  });

  it('tells of somebody who has come into a room', async () => {
    const carol = await network.person('carol', 'a.test');
    await carol.view.sync();
    const join = () => carol.request('POST', `/join/${encodeURIComponent(room)}`, {});
    expect((await unheard(join, events(), 'rooms.write')).status).to.equal(200);
    await Promise.all([carol.view.sync(), alice.view.sync()]);
    expect([...carol.view.joined.keys()]).to.deep.equal([room]);
    expect(alice.view.joined.get(room)!.state.get(`m.room.member ${carol.userId}`)?.membership).to.equal('join');
  });

  it('tells of what is in a transaction', async () => {
    const put = () => alice.request('PUT', `/user/${alice.userId}/account_data/test`, { a: 1 });
    const rows = sql`SELECT FROM account_data WHERE type = 'test'`;
    expect((await unheard(put, rows, 'INTO account_data', 'COMMIT')).status).to.equal(200);
    expect((await alice.view.sync()).account_data.events).to.deep.equal([{ type: 'test', content: { a: 1 } }]);
  });

  it('delivers messages to devices', async () => {
    const messages = { [alice.userId]: { [alice.deviceId]: { a: 1 } } };
    const send = () => bob.request('PUT', '/sendToDevice/m.test/1', { messages });
    const rows = sql`SELECT FROM to_device_messages`;
    expect((await unheard(send, rows, 'INTO to_device_messages', 'COMMIT')).status).to.equal(200);
    expect((await alice.view.sync()).to_device.events.length).to.equal(1);
  });

  it('tells of receipts', async () => {
    const event = await bob.say(room, 'read');
    await alice.view.sync();
    const read = () => alice.request('POST', `${pathOf(room)}/receipt/m.read/${event}`, {});
    expect((await unheard(read, sql`SELECT FROM receipts`, 'INTO receipts')).status).to.equal(200);
    const { ephemeral } = (await alice.view.sync()).rooms.join[room];
    expect(Object.keys(ephemeral.events[0].content)).to.deep.equal([event]);
  });

  it('undoes what was not committed, and is done with it', async () => {
    const put = () => alice.request('PUT', `/user/${alice.userId}/account_data/undone`, { a: 1 });
    wire.deafenAfter('INTO account_data');
    const answer = put();
    await new Promise((resolve) => setTimeout(resolve, 100));
    wire.break();
    expect((await answer).status).to.equal(500);
    expect((await alice.view.sync()).account_data).to.equal(undefined);
    expect((await put()).status).to.equal(200);
    expect((await alice.view.sync()).account_data.events.length).to.equal(1);
  });
});

describe('a database that breaks just when it is asked', () => {
  it('holds back what other servers send once, and not for ever', async () => {
    await using wire = await DatabaseWire.open();
    await using network = await TestNetwork.with({ names: ['a.test', 'b.test'], databaseUrlOf: () => wire.url });
    const alice = await network.person('alice', 'a.test');
    const bob = await network.person('bob', 'b.test');
    const room = await alice.createRoom();
    wire.breakAt('held.rooms');
    const join = () => bob.request('POST', `/join/${encodeURIComponent(room)}?via=a.test`, {});
    await join();
    expect((await join()).status).to.equal(200);
    const { errors } = network.server('b.test');
    const before = errors.length;
    for (const text of ['one', 'two']) {
      await alice.say(room, text);
      await network.settle();
    }
    expect(errors.slice(before)).to.deep.equal([]);
    expect(textsOf(await bob.history(room))).to.deep.equal(['two', 'one']);
  });

  it('forgets the devices of who has left all rooms when it is back', async () => {
    await using wire = await DatabaseWire.open();
    await using network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      databaseUrlOf: (name) => (name === 'a.test' ? wire.url : undefined),
    });
    const alice = await network.person('alice', 'a.test');
    const [carol, dave] = [await network.person('carol', 'b.test'), await network.person('dave', 'b.test')];
    const room = await alice.createRoom();
    for (const one of [carol, dave]) await one.join(room, ['a.test']);
    await network.settle();
    await alice.ask('POST', '/keys/query', { device_keys: { [carol.userId]: [] } });
    await network.settle();
    const kept = () =>
      network.server('a.test').rows(sql`SELECT FROM remote_device_lists WHERE user_id = ${carol.userId}`);
    wire.breakAt('DELETE FROM remote_device_lists r');
    await carol.leave(room);
    await network.settle();
    expect((await kept()).length).to.equal(1);
    await dave.leave(room);
    await network.settle();
    expect((await kept()).length).to.equal(0);
  });
});
