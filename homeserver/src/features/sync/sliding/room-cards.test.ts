import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import type { RoomNid, StoredEvent } from '../../../rooms/model.ts';
import type { Change } from '../../../rooms/write/change.ts';
import { sql } from '../../../storage/sql.ts';
import type { Position } from '../../../streams/stream.ts';
import { SyncFixture, userOf } from '../../../testing/sync.ts';
import { KEYS, RoomCards } from './room-cards.service.ts';
import { type FreshRow, roomCardsStore as store } from './room-cards.store.ts';

const alice = userOf('alice');
const NO_KEY = -1;

describe('what lists of rooms are sorted by', () => {
  let fixture: SyncFixture;
  let cards: RoomCards;
  before(async () => {
    fixture = await SyncFixture.create({ listeners: [(committed) => cards.listener(committed)] });
  });
  beforeEach(() => {
    cards = new RoomCards(fixture.test.db, fixture.engine);
  });
  after(() => fixture[Symbol.asyncDispose]());

  const nidOf = async (room: RoomId): Promise<RoomNid> => (await fixture.engine.rooms.joined(room)).nid;
  const topic = (room: RoomId, text: string) => fixture.set(room, alice, 'm.room.topic', { topic: text });

  /** Brings back an older topic, as the resolution of a fork does: with an event that is no news by itself. */
  const bringBack = async (room: RoomId, winner: StoredEvent, loser: StoredEvent): Promise<void> => {
    const along = async (change: Change, position: Position): Promise<void> => {
      const key = loser.keyNumber ?? NO_KEY;
      const next = await fixture.engine.tries.change(change.head.snapshot, new Map([[key, winner.nid]]));
      change.addRows(next.rows);
      change.setCurrent(next.snapshot, position, [[key, loser, winner]]);
    };
    await fixture.arrive(room, { sender: alice, body: 'merge', along });
  };

  describe('of a room without a card that is up to date', () => {
    const freshOf = async (room: RoomId): Promise<FreshRow | undefined> =>
      (await store.fresh(fixture.test.db, [await nidOf(room)], { ...KEYS, depth: 3 }))[0];

    it('the newest event that counts as activity, and the newest of all', async () => {
      const room = await fixture.room(alice);
      await fixture.say(room, alice, 'one');
      const said = await fixture.say(room, alice, 'two');
      expect(await freshOf(room)).to.include({ bump: said.position, changed: said.position });
      const set = await topic(room, '"type":"m.room.message"');
      expect(await freshOf(room)).to.include({ bump: said.position, changed: set.position });
      const nested = await fixture.set(room, alice, 'm.room.topic', { topic: 'x', like: { type: 'm.room.message' } });
      expect(await freshOf(room)).to.include({ bump: said.position, changed: nested.position });
    });

    it('it is not looked for further back than so many events', async () => {
      const room = await fixture.room(alice);
      const said = await fixture.say(room, alice, 'one');
      const oldest = await topic(room, '1');
      await topic(room, '2');
      const newest = await topic(room, '3');
      expect(await freshOf(room)).to.include({ bump: oldest.position, changed: newest.position });
      // Then what was known before counts.
      const card = { nid: await nidOf(room), version: 0, changed: said.position as Position };
      const bump = said.position as Position;
      await store.put(fixture.test.db, [{ ...card, bump, roomType: undefined, isEncrypted: false }]);
      expect(await freshOf(room)).to.include({ bump: said.position, changed: newest.position });
      const last = await fixture.say(room, alice, 'two');
      expect(await freshOf(room)).to.include({ bump: last.position, changed: last.position });
    });

    it('what does not stand in the timeline is nothing', async () => {
      const room = await fixture.room(alice);
      const said = await fixture.say(room, alice, 'one');
      const { db } = fixture.test;
      for (const body of ['two', 'three', 'four']) {
        const { nid } = await fixture.say(room, alice, body);
        await db.run(sql`UPDATE events SET ord = NULL, position = NULL WHERE event_nid = ${nid}`);
      }
      expect(await freshOf(room)).to.include({ bump: said.position, changed: said.position });
      // History has a place, but it is not news.
      const history = await fixture.say(room, alice, 'five');
      await db.run(sql`UPDATE events SET position = NULL WHERE event_nid = ${history.nid}`);
      expect(await freshOf(room)).to.include({ bump: said.position, changed: said.position });
    });

    it('state that has become current again without an event of its own', async () => {
      const room = await fixture.room(alice);
      const loser = await topic(room, 'then');
      const { db } = fixture.test;
      const { head } = await fixture.engine.rooms.joined(room);
      const later = (loser.position ?? 0) + 1_000_000;
      const nid = await nidOf(room);
      await db.run(
        sql`INSERT INTO room_state_log (room_nid, position, snapshot) VALUES (${nid}, ${later}, ${head.snapshot})`,
      );
      expect(await freshOf(room)).to.include({ changed: later });
    });
  });

  const actions: Readonly<Record<string, (room: RoomId) => Promise<unknown>>> = {
    say: (room) => fixture.say(room, alice, 'hello'),
    sticker: (room) => fixture.engine.sender.send(room, { sender: alice, type: 'm.sticker', content: {} }),
    react: (room) => fixture.engine.sender.send(room, { sender: alice, type: 'm.reaction', content: {} }),
    topic: (room) => topic(room, 'other'),
    encrypt: (room) => fixture.set(room, alice, 'm.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' }),
    resolve: async (room) => bringBack(room, await topic(room, 'winner'), await topic(room, 'loser')),
  };

  it('is the same whether it was kept up to date, written down or read anew', async function () {
    this.timeout(60_000);
    const kinds = fc.constantFrom(...Object.keys(actions), 'read', 'write', 'write and forget', 'forget');
    const run = async (steps: readonly string[]): Promise<void> => {
      const room = await fixture.room(alice, [], { type: 'm.space' });
      const nid = await nidOf(room);
      const anew = async () => {
        await fixture.test.db.run(sql`UPDATE room_cards SET version = 0 WHERE room_nid = ${nid}`);
        return (await new RoomCards(fixture.test.db, fixture.engine).of([nid])).get(nid);
      };
      for (const step of [...steps, 'write and forget', 'read']) {
        await actions[step]?.(room);
        if (step.startsWith('write')) await cards.write();
        if (step.endsWith('forget')) cards = new RoomCards(fixture.test.db, fixture.engine);
        if (step !== 'read') continue;
        const known = (await cards.of([nid])).get(nid);
        expect(known).to.include({ roomId: room, roomType: 'm.space' });
        expect(known).to.eql(await anew());
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(kinds, { minLength: 10, maxLength: 20 }), run), { numRuns: 15 });
  });
});
