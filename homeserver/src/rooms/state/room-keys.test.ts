import { expect } from 'chai';
import type { StateKey } from '../../core/auth/selection.ts';
import type { Database } from '../../storage/database.ts';
import { type Sql, sql } from '../../storage/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { FIRST_FREE_KEY } from '../model.ts';
import { RoomKeys, warmKeys } from './room-keys.ts';

const memberOf = (name: string): StateKey => ['m.room.member', `@${name}:a.test`];
const [ALICE, BOB, CAROL, DAN] = ['alice', 'bob', 'carol', 'dan'].map(memberOf) as [
  StateKey,
  StateKey,
  StateKey,
  StateKey,
];
const OTHER: StateKey = ['org.example.thing', ''];
const NEXT = FIRST_FREE_KEY + 4;

describe('the numbers of state keys', () => {
  let test: TestDatabase;
  let db: Database;
  let asked: (string | undefined)[];

  before(async () => {
    test = await createTestDatabase();
    for (const room of [1, 2]) {
      for (const [i, [type, key]] of [ALICE, BOB, CAROL, OTHER].entries()) {
        const number = FIRST_FREE_KEY + i;
        await test.db.run(sql`INSERT INTO room_state_keys VALUES (${room}, ${number}, ${type}, ${key})`);
      }
    }
  });
  after(() => test[Symbol.asyncDispose]());
  beforeEach(() => {
    asked = [];
    const rows = <Row>(statement: Sql): Promise<Row[]> => {
      asked.push(statement.name);
      return test.db.rows<Row>(statement);
    };
    db = { rows } as unknown as Database;
  });

  const room = (nid = 1) => new RoomKeys(db, nid, 'stored', () => undefined);

  it('are looked up for readers as they ask for them, of several rooms together', async () => {
    const [one, other] = [room(1), room(2)];
    await Promise.all([one.look([ALICE, DAN], NEXT), other.look([BOB], NEXT)]);
    expect([one.number(ALICE), one.number(DAN), one.number(BOB)]).to.deep.equal([FIRST_FREE_KEY, undefined, undefined]);
    expect(other.number(BOB)).to.equal(FIRST_FREE_KEY + 1);
    expect(asked).to.deep.equal(['keys.some']);
  });

  it('that a room has not are not looked for again, until it has them', async () => {
    const keys = room();
    for (let i = 0; i < 3; i++) await keys.look([ALICE, DAN, ['m.room.name', '']], NEXT);
    expect(asked).to.deep.equal(['keys.some']);
    keys.added([{ number: NEXT, type: DAN[0], stateKey: DAN[1] }]);
    expect(keys.number(DAN)).to.equal(NEXT);
  });

  it('are all loaded for whoever asks again and again, for much, or for all but members', async () => {
    const often = room();
    for (let i = 0; i < 20; i++) await often.look([memberOf(`stranger${i}`)], NEXT);
    expect(often.number(CAROL)).to.equal(FIRST_FREE_KEY + 2);
    expect(asked.filter((name) => name === 'keys.of_rooms')).to.have.length(1);
    asked = [];
    const much = room();
    await much.look(
      Array.from({ length: 60 }, (_, i) => memberOf(`stranger${i}`)),
      NEXT,
    );
    expect([much.number(CAROL), asked]).to.deep.equal([FIRST_FREE_KEY + 2, ['keys.of_rooms']]);
    const others = room();
    await others.look([ALICE], NEXT);
    expect(await others.withoutMembers(NEXT)).to.include(FIRST_FREE_KEY + 3);
  });

  it('are all loaded for who writes, who may number others next', async () => {
    const keys = room();
    await keys.look([ALICE, DAN], NEXT);
    await keys.load([DAN], NEXT);
    expect(keys.number(OTHER)).to.equal(FIRST_FREE_KEY + 3);
    await keys.load([DAN], NEXT);
    expect(asked).to.deep.equal(['keys.some', 'keys.of_rooms']);
  });

  it('of a room with a great many are looked up by themselves for everybody', async () => {
    const keys = room();
    await keys.load([ALICE], 1_000_000);
    await keys.look([BOB], 1_000_000);
    expect([keys.number(ALICE), keys.number(BOB), keys.number(CAROL)]).to.deep.equal([
      FIRST_FREE_KEY,
      FIRST_FREE_KEY + 1,
      undefined,
    ]);
    expect(asked).to.deep.equal(['keys.some', 'keys.some']);
  });

  it('of many rooms are loaded with one query', async () => {
    const rooms = [1, 2].map((nid) => ({ keys: room(nid), head: { nextKey: NEXT } }));
    await warmKeys([...rooms, { keys: room(3), head: undefined }]);
    expect(rooms.map(({ keys }) => keys.number(OTHER))).to.deep.equal([FIRST_FREE_KEY + 3, FIRST_FREE_KEY + 3]);
    await warmKeys(rooms);
    expect(asked).to.deep.equal(['keys.of_rooms']);
  });
});
