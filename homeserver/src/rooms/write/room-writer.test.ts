import { randomBytes } from 'node:crypto';
import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import type { StoredEvent } from '../model.ts';
import type { RoomWrite } from './room-write.ts';
import { RoomWriter } from './room-writer.ts';

const alice = user('alice');

describe('what is written of rooms', () => {
  let test: TestRooms;
  let writer: RoomWriter;
  let count = 0;
  before(async () => {
    test = await createTestRooms();
    writer = new RoomWriter(test.db);
  });
  after(() => test[Symbol.asyncDispose]());

  const said = async (roomId: RoomId): Promise<StoredEvent> => {
    await test.sending.message(deviceOf(alice), { roomId, type: 'm.x', content: {}, txnId: `t${++count}` });
    const room = await test.engine.rooms.joined(roomId);
    const [last] = await test.engine.timeline.page(room, { from: 1_000, direction: 'back', limit: 1 });
    return last!;
  };

  /** A message in a room of its own, on a head that is some writes behind. */
  const message = async (behind: number): Promise<RoomWrite> => {
    const roomId = await test.room(alice);
    const last = await said(roomId);
    const { nid: room, head } = await test.engine.rooms.joined(roomId);
    const nid = last.nid + 1_000_000;
    const event = Object.assign(Object.create(last.event), { eventId: `$${randomBytes(16).toString('base64url')}` });
    const base = { ...head, version: head.version - behind };
    return {
      room,
      base,
      head: { ...base, version: base.version + 1, lastOrd: base.lastOrd + 1 },
      events: [{ ...last, event, nid, ord: base.lastOrd + 1, position: undefined }],
      relations: [],
      sticky: [],
      txns: [[randomBytes(20), nid]],
      outbox: [],
    };
  };

  const rowsOf = async (write: RoomWrite) => {
    const [{ nid }] = write.events as readonly [StoredEvent];
    const [row] = await test.db.rows<{ events: number; txns: number; version: number }>(
      sql`SELECT (SELECT count(*)::int FROM events WHERE event_nid = ${nid}) AS events,
                 (SELECT count(*)::int FROM send_txns WHERE event_nid = ${nid}) AS txns,
                 (SELECT version FROM room_heads WHERE room_nid = ${write.room}) AS version`,
    );
    return row;
  };

  it('is written as a whole, if it was built on the head that the room has', async () => {
    const write = await message(0);
    expect(await writer.commit(write)).to.equal(true);
    expect(await rowsOf(write)).to.eql({ events: 1, txns: 1, version: write.base.version + 1 });
  });

  it('is nothing at all, if that head has moved', async () => {
    const write = await message(1);
    expect(await writer.commit(write)).to.equal(false);
    expect(await rowsOf(write)).to.eql({ events: 0, txns: 0, version: write.base.version + 1 });
  });

  it('is for each room by itself, of those that are written together', async () => {
    const writes = [await message(0), await message(0), await message(1), await message(0)];
    // The first two are under way while the others wait for each other.
    expect(await Promise.all(writes.map((write) => writer.commit(write)))).to.eql([true, true, false, true]);
    for (const write of writes) {
      const written = write === writes[2] ? 0 : 1;
      expect(await rowsOf(write)).to.eql({ events: written, txns: written, version: write.base.version + 1 });
    }
  });
});
