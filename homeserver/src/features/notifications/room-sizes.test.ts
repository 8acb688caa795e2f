import { type EventId, type RoomId, ServerName, type UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Room } from '../../rooms/room.ts';
import type { ReadTx } from '../../storage/database.ts';
import { type Sql, sql } from '../../storage/sql.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { RoomSizes } from './room-sizes.service.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const carol = userOf('carol');
const dan = userOf('dan');

describe('how many are in rooms', () => {
  let fixture: SyncFixture;
  let asked: number;
  /** Is waited for before an answer of the database is handed on. */
  let meanwhile: () => Promise<void>;
  let sizes: RoomSizes;

  const newSizes = (): RoomSizes => {
    const db: ReadTx = {
      rows: async <Row>(statement: Sql) => {
        asked++;
        const rows = await fixture.test.db.rows<Row>(statement);
        await meanwhile();
        return rows;
      },
    };
    return new RoomSizes(db, fixture.engine);
  };

  beforeEach(async () => {
    fixture = await SyncFixture.create();
    asked = 0;
    meanwhile = async () => undefined;
    sizes = newSizes();
  });
  afterEach(() => fixture[Symbol.asyncDispose]());

  const roomOf = (roomId: RoomId): Promise<Room> => fixture.engine.rooms.joined(roomId);

  /** As after a restart: nobody's membership is in memory. */
  const forget = async (): Promise<void> => {
    await fixture.restart();
    sizes = newSizes();
  };

  /** Written past what is in memory, as by another process; who writes here has read the members before. */
  const write = async (room: Room, user: UserId, membership: 'join' | 'leave'): Promise<void> => {
    const { committer, memberChanges } = fixture.engine;
    await fixture.test.db.run(
      sql`UPDATE memberships SET membership = ${membership} WHERE room_nid = ${room.nid} AND user_id = ${user}`,
    );
    const position = await committer.claim();
    memberChanges.note(room.nid, position);
    committer.release([position]);
  };

  /** Two who are in it, one who was and one who may come. */
  const makeRoom = async (): Promise<RoomId> => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    await fixture.member(room, carol, 'join');
    await fixture.member(room, carol, 'leave');
    await fixture.member(room, dan, 'invite', alice);
    return room;
  };

  it('count those who are in them, with one question for all rooms, and who is in them is not read', async () => {
    const ids = [await makeRoom(), await makeRoom(), await fixture.room(alice)];
    await forget();
    const rooms = await Promise.all(ids.map(roomOf));
    expect(await Promise.all(rooms.map((room) => sizes.of(room)))).to.eql([2, 2, 1]);
    expect(asked).to.equal(1);
    expect(rooms.map(({ members }) => members.loaded)).to.eql([undefined, undefined, undefined]);
  });

  it('are not asked for again before somebody comes or goes', async () => {
    const roomId = await makeRoom();
    await forget();
    const room = await roomOf(roomId);
    expect([await sizes.of(room), await sizes.of(room), asked]).to.eql([2, 2, 1]);
    await write(room, dan, 'join');
    expect(await sizes.of(room)).to.equal(3);
    await write(room, bob, 'leave');
    expect([await sizes.of(room), await sizes.of(room), asked]).to.eql([2, 2, 3]);
    await fixture.member(roomId, carol, 'join');
    expect([await sizes.of(room), asked]).to.eql([3, 3]);
  });

  it('are counted anew when somebody has come while they were counted', async () => {
    const roomId = await makeRoom();
    await forget();
    const room = await roomOf(roomId);
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await write(room, dan, 'join');
    };
    expect(await sizes.of(room)).to.equal(2);
    expect(await sizes.of(room)).to.equal(3);
  });

  it('are known without asking where members are in memory', async () => {
    const room = await roomOf(await makeRoom());
    await fixture.engine.membersOf(room);
    expect([await sizes.of(room), asked]).to.eql([2, 0]);
  });

  it('are as other servers say where a room was joined in part', async () => {
    const roomId = await makeRoom();
    const { nid } = await roomOf(roomId);
    const servers = ['b.test', 'c.test'].map((name) => ServerName.parse(name));
    await fixture.engine.partial.add({ roomNid: nid, joinId: '$join' as EventId, servers });
    await forget();
    expect(await sizes.of(await roomOf(roomId))).to.equal(4);
  });
});
