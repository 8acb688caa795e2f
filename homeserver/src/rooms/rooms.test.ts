import { RoomId, ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { roomVersion } from '../core/rooms/room-version.ts';
import type { Database } from '../storage/database.ts';
import { EMPTY_HEAD, type Head, type RoomNid, type StoredEvent } from './model.ts';
import type { Room } from './room.ts';
import { Rooms } from './rooms.ts';
import type { Position } from '../streams/stream.ts';

const nid: RoomNid = 7;
const roomId = RoomId.parse('!room:a.test');
const CACHE_BYTES = 1_000_000;
const join = (user: string) => {
  const userId = UserId.parse(user);
  const server = ServerName.parse('a.test');
  return {
    userId,
    sender: userId,
    server,
    membership: 'join',
    eventNid: 1,
    position: 1 as Position,
    before: undefined,
  };
};
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
    rooms = new Rooms(db, { get: () => undefined }, CACHE_BYTES);
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
    rooms.written(rooms.make(identity, head(4), 'stored'));
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
    const written = rooms.make({ nid, roomId, version: roomVersion('11')! }, head(4), 'stored');
    const reading = rooms.byNid(nid);
    await until(1);
    answers[0]!.resolve(4);
    await reading;
    rooms.written(written);
    expect(await rooms.byNid(nid)).to.equal(written);
  });

  describe('take no more memory than they may', () => {
    const identity = (n: RoomNid) => ({
      nid: n,
      roomId: RoomId.parse(`!room${n}:a.test`),
      version: roomVersion('11')!,
    });
    const add = (n: RoomNid, kind: 'stored' | 'new' = 'stored'): Room => {
      const room = rooms.make(identity(n), head(1), kind);
      rooms.add(room);
      return room;
    };
    const events = (count: number, textLength: number) =>
      Array.from({ length: count }, (_, ord) => ({ ord, textLength }) as StoredEvent);
    const areAtHand = (nids: readonly RoomNid[]) => nids.filter((n) => rooms.atHand(n) !== undefined);
    const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
    /** As many as are remembered of a thousand of which nothing is known. */
    const many = () => areAtHand(upTo(1_000)).length;
    beforeEach(() => upTo(1_000).forEach((n) => add(n)));

    it('by being as many as fit, the last ones that were used', () => {
      expect(many()).to.be.within(100, 900);
      expect(areAtHand([1, 2, 999, 1_000])).to.eql([999, 1_000]);
    });

    const grow: Record<string, (room: Room) => unknown> = {
      'newest events are sent': (room) => events(50, 500).forEach((event) => room.tail.append([event])),
      'newest events are read': (room) => room.tail.fill(events(50, 500)),
      'keys are read': (room) =>
        room.keys.fillAll(upTo(800).map((n) => ({ key_number: n, type: 'm.room.member', state_key: `@${n}:a.test` }))),
      'keys are new': (room) =>
        room.keys.added(upTo(800).map((n) => ({ number: n, type: 'm.room.member', stateKey: `@${n}:a.test` }))),
      'people join': (room) =>
        room.members.changed(
          ServerName.parse('a.test'),
          upTo(800).map((n) => join(`@${n}:a.test`)),
        ),
    };
    for (const [what, happens] of Object.entries(grow)) {
      it(`though it is only later that ${what}`, () => {
        const room = add(2_000, 'new');
        const [before, bytes] = [many(), room.bytes];
        happens(room);
        expect(room.bytes).to.be.greaterThan(bytes + 70_000);
        expect(many()).to.be.lessThan(before - 15);
        expect(rooms.atHand(2_000)).to.equal(room);
      });
    }

    it('and what one has let go of makes room again', () => {
      const room = add(2_000);
      room.tail.append(events(50, 500));
      const small = many();
      room.tail.append([{ ord: 1_000, textLength: 500 } as StoredEvent]);
      upTo(1_000).forEach((n) => rooms.atHand(n) ?? add(n));
      expect(many()).to.be.greaterThan(small + 15);
    });

    it('but the one that is too large for that is there all the same', () => {
      const room = add(2_000);
      room.tail.append(events(50, 1_000_000));
      expect(rooms.atHand(2_000)).to.equal(room);
      expect(many()).to.be.greaterThan(100);
    });
  });
});
