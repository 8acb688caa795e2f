import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { roomVersion } from '../core/rooms/room-version.ts';
import type { Database } from '../storage/database.ts';
import { EMPTY_HEAD, type Head, type RoomNid } from './model.ts';
import { Room } from './room.ts';
import { Rooms } from './rooms.ts';

const nid: RoomNid = 7;
const roomId = RoomId.parse('!room:a.test');
const head = (version: number): Head => ({ ...EMPTY_HEAD, version });

describe('the rooms in memory', () => {
  /** What the database says, and when. */
  let answers: PromiseWithResolvers<number>[];
  let rooms: Rooms;
  let db: Database;
  beforeEach(() => {
    answers = [];
    const rows = async ({ text }: { readonly text: string }) => {
      if (text.includes('FROM rooms ')) return [{ room_nid: nid, room_id: roomId, version: '11' }];
      if (!text.includes('room_heads')) return [];
      const answer = Promise.withResolvers<number>();
      answers.push(answer);
      const columns = { snapshot: 0, extremities: [], depth: 1, first_ord: 1, last_ord: 1, next_key: 0, next_auth: 0 };
      return [{ room_nid: nid, ...columns, last_auth: 0, version: await answer.promise }];
    };
    db = { rows } as unknown as Database;
    rooms = new Rooms(db, { get: () => undefined });
  });
  const until = async (count: number) => {
    for (let turn = 0; answers.length < count && turn < 100; turn++)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const versionOf = async () => (await rooms.byNid(nid))?.head?.version;

  it('are read once by all who ask meanwhile', async () => {
    const both = Promise.all([rooms.byNid(nid), rooms.byNid(nid)]);
    await until(1);
    answers[0]!.resolve(3);
    const [one, other] = await both;
    expect(one).to.equal(other);
    expect(await rooms.byNid(nid)).to.equal(one);
  });

  it('are not as they were before a write that was committed while they were read', async () => {
    const early = rooms.byNid(nid);
    await until(1);
    const identity = { nid, roomId, version: roomVersion('11')! };
    rooms.written(new Room(db, identity, head(4)));
    answers[0]!.resolve(3);
    await early;
    expect(await versionOf()).to.equal(4);
  });

  it('are read again after they were dropped, be it while they were read', async () => {
    const early = rooms.byNid(nid);
    await until(1);
    rooms.drop(nid);
    const later = versionOf();
    answers[0]!.resolve(3);
    await early;
    await until(2);
    answers[1]!.resolve(4);
    expect(await later).to.equal(4);
    expect(await versionOf()).to.equal(4);
  });

  it('are the ones that have just been written, whatever was read beside them', async () => {
    const written = new Room(db, { nid, roomId, version: roomVersion('11')! }, head(4));
    const reading = rooms.byNid(nid);
    await until(1);
    answers[0]!.resolve(4);
    await reading;
    rooms.written(written);
    expect(await rooms.byNid(nid)).to.equal(written);
  });
});
