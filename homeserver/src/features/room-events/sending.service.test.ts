import { MatrixError } from '@holm/spec/errors';
import { EventId, RoomAlias, RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestRooms, currentState, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import { statementsOf } from '../../testing/statements.ts';

const alice = user('alice');
const bob = user('bob');
const carol = user('carol');
const phone = deviceOf(alice);

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('sending', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let txn = 0;
  const message = (roomId: RoomId, body: string, txnId = `t${++txn}`) => ({
    roomId,
    type: 'm.room.message',
    content: { msgtype: 'm.text', body },
    txnId,
  });
  const read = async (roomId: RoomId, eventId: EventId, viewer = phone) =>
    JSON.parse(await test.history.event(viewer, roomId, eventId));
  const lastOrd = async (roomId: RoomId) => (await test.engine.rooms.joined(roomId)).head.lastOrd;

  it('gives the same event for the same transaction, also when they come at once', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const other = await test.room(alice);
    const before = await lastOrd(roomId);
    const again = message(roomId, 'hello', 'same');
    const both = await Promise.all([test.sending.message(phone, again), test.sending.message(phone, again)]);
    expect(new Set([...both, await test.sending.message(phone, again)])).to.have.length(1);
    expect(await lastOrd(roomId)).to.equal(before + 1);
    const others = [
      await test.sending.message(deviceOf(alice, 'LAPTOP'), again),
      await test.sending.message(deviceOf(bob), again),
      await test.sending.message(phone, { ...again, type: 'm.other' }),
      await test.sending.message(phone, { ...again, roomId: other }),
    ];
    expect(new Set([both[0], ...others])).to.have.length(5);
  });

  it('remembers transactions over a restart, and only that one of many at once is a repetition', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const again = message(roomId, 'before the restart');
    const eventId = await test.sending.message(phone, again);
    const before = await lastOrd(roomId);
    const { engine, sending } = await test.again();
    const all = await Promise.all([
      ...['a', 'b', 'c'].map((body) => sending.message(deviceOf(bob), message(roomId, body))),
      sending.message(phone, again),
      sending.message(deviceOf(bob), message(roomId, 'd')),
    ]);
    expect(all[3]).to.equal(eventId);
    expect(new Set(all)).to.have.length(5);
    expect((await engine.rooms.joined(roomId)).head.lastOrd).to.equal(before + 4);
  });

  it('lets a failed transaction be tried again', async () => {
    const roomId = await test.room(alice, {});
    const early = message(roomId, 'may I?');
    expect(await test.sending.message(deviceOf(bob), early).catch(code)).to.equal('M_FORBIDDEN');
    await test.membership.invite({ roomId, sender: alice, target: bob });
    await test.entering.join(bob, { roomId, via: [] });
    expect(await test.sending.message(deviceOf(bob), early)).to.match(/^\$/);
  });

  it('shows the transaction to the device that sent it', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const eventId = await test.sending.message(phone, message(roomId, 'mine', 'echo'));
    expect((await read(roomId, eventId)).unsigned).to.include({ transaction_id: 'echo' });
    for (const viewer of [deviceOf(alice, 'LAPTOP'), deviceOf(bob)]) {
      expect((await read(roomId, eventId, viewer)).unsigned).not.to.have.property('transaction_id');
    }
  });

  it('costs one statement a message', async () => {
    const roomId = await test.room(alice);
    await test.sending.message(phone, message(roomId, 'first'));
    const statements = await statementsOf(test.db, async () => {
      for (let i = 0; i < 5; i++) await test.sending.message(phone, message(roomId, 'next'));
    });
    expect(statements).to.eql(Array(5).fill('rooms.write_message_txn'));
  });

  it('keeps the order of what one sender says, and all of it, with many senders at once', async () => {
    const people = ['ann', 'ben', 'cleo', 'dan', 'eve'].map((name) => user(name));
    const roomId = await test.room(alice, undefined, people);
    const bodies = Array.from({ length: 20 }, (_, i) => String(i));
    await Promise.all(
      people.map(async (person) => {
        for (const body of bodies) await test.sending.message(deviceOf(person), message(roomId, body));
      }),
    );
    const room = await test.engine.rooms.joined(roomId);
    const said = await test.engine.timeline.page(room, {
      from: room.head.lastOrd - 100,
      direction: 'forward',
      limit: 100,
    });
    for (const person of people) {
      const own = said.filter(({ event }) => event.sender === person);
      expect(own.map(({ event }) => event.content['body'])).to.eql(bodies);
    }
    expect(room.head.extremities).to.have.length(1);
    for (const [i, { event }] of said.entries())
      if (i > 0) expect(event.prevEvents).to.eql([said[i - 1]!.event.eventId]);
  });

  it('is refused in rooms that one is not in, that do not exist, and for what is no event', async () => {
    const roomId = await test.room(alice);
    const refused = async (sent: ReturnType<typeof message>, viewer = phone) =>
      test.sending.message(viewer, sent).catch(code);
    expect(await refused(message(roomId, 'x'), deviceOf(carol))).to.equal('M_FORBIDDEN');
    expect(await refused(message(RoomId.parse('!none:a.test'), 'x'))).to.equal('M_FORBIDDEN');
    expect(await refused(message(roomId, 'x'.repeat(66_000)))).to.equal('M_TOO_LARGE');
    expect(await refused({ ...message(roomId, 'x'), type: 'x'.repeat(256) })).to.equal('M_TOO_LARGE');
    expect(await refused({ ...message(roomId, 'x'), content: { n: 1.5 } as never })).to.equal('M_BAD_JSON');
    expect(await refused({ ...message(roomId, 'x'), type: 'm.room.redaction' })).to.equal('M_BAD_JSON');
  });

  it('of state that is so already gives the event that did it; but only to who may set it', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const name = { roomId, type: 'm.room.name', stateKey: '', content: { name: 'One' } };
    const first = await test.sending.state(alice, name);
    expect(await test.sending.state(alice, name)).to.equal(first);
    expect(await test.sending.state(bob, name).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.sending.state(alice, { ...name, content: { name: 'Two' } })).not.to.equal(first);
    expect(await test.sending.state(alice, name)).not.to.equal(first);
    const own = { roomId, type: 'org.example', stateKey: bob, content: {} };
    expect(await test.sending.state(alice, own).catch(code)).to.equal('M_FORBIDDEN');
    expect(await test.sending.state(alice, { ...own, stateKey: 'x'.repeat(256) }).catch(code)).to.equal('M_TOO_LARGE');
  });

  it('takes memberships as state', async () => {
    const roomId = await test.room(alice);
    const content = { membership: 'join', displayname: 'Al' };
    await test.sending.state(alice, { roomId, type: 'm.room.member', stateKey: alice, content });
    expect(await currentState(test, roomId, ['m.room.member', alice])).to.eql(content);
  });

  it('takes as names of a room only those that lead to it', async () => {
    const roomId = await test.room(alice);
    test.aliases.set(RoomAlias.parse('#here:a.test'), roomId);
    test.aliases.set(RoomAlias.parse('#there:a.test'), RoomId.parse('!other:a.test'));
    const put = (content: object) =>
      test.sending
        .state(alice, { roomId, type: 'm.room.canonical_alias', stateKey: '', content: content as never })
        .catch(code);
    expect(await put({ alias: '#there:a.test' })).to.equal('M_BAD_ALIAS');
    expect(await put({ alias: '#nowhere:a.test' })).to.equal('M_BAD_ALIAS');
    expect(await put({ alt_aliases: ['#here:a.test', '#there:a.test'] })).to.equal('M_BAD_ALIAS');
    expect(await put({ alias: 'here' })).to.equal('M_INVALID_PARAM');
    expect(await put({ alias: 5 })).to.equal('M_INVALID_PARAM');
    expect(await put({ alt_aliases: '#here:a.test' })).to.equal('M_BAD_JSON');
    expect(await put({ alias: '#here:a.test' })).to.match(/^\$/);
    test.aliases.clear();
    expect(await put({ alias: '#here:a.test', alt_aliases: ['#here:a.test'] })).to.match(/^\$/);
    expect(await put({})).to.match(/^\$/);
  });

  for (const version of ['1', '3', '10', '11', '12']) {
    it(`hides what is redacted, in a room of version ${version}`, async () => {
      const roomId = await test.room(alice, { room_version: version, preset: 'public_chat' }, [bob, carol]);
      const eventId = await test.sending.message(deviceOf(bob), message(roomId, 'secret'));
      const redact = (who: typeof alice, redacts = eventId) =>
        test.sending.redact(deviceOf(who), { roomId, redacts, reason: 'oops', txnId: `r${++txn}` }).catch(code);
      // In versions 1 and 2 the rules let a server's users redact each other; clients are held to more all the same.
      expect(await redact(carol)).to.equal('M_FORBIDDEN');
      expect((await read(roomId, eventId)).content.body).to.equal('secret');
      const redaction = await redact(bob);
      const expected = { event_id: redaction, redacts: eventId, sender: bob };
      for (const history of [test.history, (await test.again()).history]) {
        const seen = JSON.parse(await history.event(phone, roomId, eventId));
        expect(seen.content).to.eql({});
        expect(seen.unsigned.redacted_because).to.include(expected);
        const page = JSON.parse(await history.messages(phone, roomId, { dir: 'b', limit: 2 }));
        expect(page.chunk[0]).to.include(expected);
        expect(page.chunk[0].content).to.eql({ reason: 'oops', redacts: eventId });
        expect(page.chunk[1].content).to.eql({});
      }
      expect(await redact(alice)).to.match(/^\$/);
      expect((await read(roomId, eventId)).unsigned.redacted_because).to.include(expected);
      const elsewhere = await test.sending.message(phone, message(await test.room(alice), 'x'));
      expect(await redact(alice, elsewhere)).to.equal('M_NOT_FOUND');
      expect(await redact(alice, EventId.parse('$nothing'))).to.equal('M_NOT_FOUND');
    });
  }

  it('hides redacted state from what came after it, too', async () => {
    const roomId = await test.room(alice);
    const name = { roomId, type: 'm.room.name', stateKey: '' };
    const redacts = await test.sending.state(alice, { ...name, content: { name: 'secret' } });
    const next = await test.sending.state(alice, { ...name, content: { name: 'open' } });
    expect((await read(roomId, next)).unsigned.prev_content).to.eql({ name: 'secret' });
    await test.sending.redact(phone, { roomId, redacts, reason: undefined, txnId: 'hide' });
    expect((await read(roomId, next)).unsigned.prev_content).to.eql({});
    expect(await test.sending.state(alice, { ...name, content: { name: 'open' } })).to.equal(next);
  });

  it('redacts by a plain event, too, and the same transaction once', async () => {
    const roomId = await test.room(alice);
    const redacts = await test.sending.message(phone, message(roomId, 'x'));
    const sent = { roomId, type: 'm.room.redaction', content: { redacts }, txnId: 'plain' };
    const redaction = await test.sending.message(phone, sent);
    expect(await test.sending.message(phone, sent)).to.equal(redaction);
    expect((await read(roomId, redacts)).content).to.eql({});
  });
});
