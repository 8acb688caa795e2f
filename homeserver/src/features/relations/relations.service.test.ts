import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { MatrixError } from '@holm/spec/errors';
import { expect } from 'chai';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import { statementsOf } from '../../testing/statements.ts';

const alice = user('alice');
const bob = user('bob');

interface Seen {
  readonly event_id: EventId;
  readonly unsigned: { readonly 'm.relations'?: Record<string, JsonObject> };
}

describe('relations on a database', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let txn = 0;
  const send = (roomId: RoomId, content: JsonObject, { who = alice, type = 'm.room.message' } = {}) =>
    test.sending.message(deviceOf(who), { roomId, type, content, txnId: `r${++txn}` });
  const relate = (rel_type: string, event_id: EventId, more: JsonObject = {}): JsonObject => ({
    body: rel_type,
    ...more,
    'm.relates_to': { rel_type, event_id },
  });
  const messages = async (roomId: RoomId, query: { limit?: number; filter?: object }, who: UserId = alice) => {
    const { filter = {}, limit = 10 } = query;
    const wanted = { dir: 'b' as const, limit, filter: JSON.stringify(filter) };
    const answer = JSON.parse(await test.history.messages(deviceOf(who), roomId, wanted)) as { chunk: Seen[] };
    return answer.chunk;
  };
  const costOf = (work: () => Promise<unknown>) => statementsOf(test.db, work);

  it('cost a page of a hundred events as much as a page of ten', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    for (let i = 0; i < 25; i++) {
      const root = await send(roomId, { body: `root ${i}` });
      const answer = await send(roomId, relate('m.thread', root));
      await send(roomId, relate('m.replace', root, { 'm.new_content': { body: 'edited' } }));
      await send(roomId, relate('m.replace', answer, { 'm.new_content': { body: 'edited' } }));
    }
    // As after a restart: nothing is in memory.
    const { history } = await test.again();
    const page = (limit: number) => history.messages(deviceOf(alice), roomId, { dir: 'b', limit });
    await page(1);
    const small = await costOf(() => page(10));
    const large = await costOf(() => page(100));
    expect(large.length).to.be.at.most(small.length + 2);
    expect(large.filter((name) => name === 'relations.bundles')).to.have.length(2);
    const { chunk } = JSON.parse(await page(100)) as { chunk: Seen[] };
    const bundled = chunk.filter(({ unsigned }) => unsigned['m.relations'] !== undefined);
    expect(bundled).to.have.length(50);
    expect(bundled.filter(({ unsigned }) => unsigned['m.relations']?.['m.thread'])).to.have.length(25);
  });

  it('cost a message nothing, and what relates no second statement but for what may be said once', async () => {
    const roomId = await test.room(alice);
    const root = await send(roomId, { body: 'root' });
    await send(roomId, relate('m.reference', root));
    expect(await costOf(() => send(roomId, { body: 'plain' }))).to.eql(['rooms.write_message_txn']);
    expect(await costOf(() => send(roomId, relate('m.reference', root)))).to.eql(['rooms.write_message_txn_relation']);
    expect(await costOf(() => send(roomId, { 'm.relates_to': { rel_type: 'm.annotation', event_id: root, key: 'x' } })))
      .to.eql(['relations.annotation', 'rooms.write_message_txn_relation']); // prettier-ignore
  });

  it('are what history can be filtered by', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const [one, two, three] = await Promise.all([0, 1, 2].map(() => send(roomId, { body: 'root' })));
    await send(roomId, relate('m.thread', one!), { who: alice });
    await send(roomId, relate('m.thread', two!), { who: bob });
    await send(roomId, relate('m.reference', three!), { who: bob });
    const ids = async (filter: object) => (await messages(roomId, { filter })).map(({ event_id: id }) => id);
    expect(await ids({ related_by_rel_types: ['m.thread'] })).to.have.members([one, two]);
    expect(await ids({ related_by_senders: [bob] })).to.have.members([two, three]);
    expect(await ids({ related_by_senders: [bob], related_by_rel_types: ['m.thread'] })).to.eql([two]);
    expect(await ids({ related_by_senders: [alice], related_by_rel_types: ['m.reference'] })).to.eql([]);
    expect(await ids({ related_by_rel_types: [] })).to.eql([]);
    expect(await ids({ related_by_rel_types: ['\0'] })).to.eql([]);
  });

  it('may say anything', async () => {
    const roomId = await test.room(alice);
    const root = await send(roomId, { body: 'root' });
    const annotate = (key: string, rel_type = 'm.annotation') =>
      send(roomId, { 'm.relates_to': { rel_type, event_id: root, key } });
    for (const key of ['\0', '\0', 'x'.repeat(5000)]) await annotate(key);
    await annotate('x', '\0');
    await annotate('x', 'y'.repeat(3000));
    await send(roomId, { 'm.relates_to': { rel_type: 'm.thread', event_id: root, key: ['list'] } });
    const of = (relType?: string) =>
      test.relations.of(deviceOf(alice), { roomId, eventId: root, ...(relType !== undefined && { relType }) }, {});
    expect((JSON.parse(await of()) as { chunk: unknown[] }).chunk).to.have.length(4);
    const refused = await of('\0').catch((error: unknown) => error);
    expect((refused as MatrixError).errcode).to.equal('M_INVALID_PARAM');
  });
});
