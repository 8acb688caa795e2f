import { expect } from 'chai';
import type { Database } from '../../storage/database.ts';
import { type Sql, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { EMPTY_STATE } from '../model.ts';
import { StateLog, StateLogs } from './state-log.ts';

const at = (position: number) => position as Position;

describe('what was the current state when', () => {
  let test: TestDatabase;
  let logs: StateLogs;
  let asked: (string | undefined)[];

  before(async () => {
    test = await createTestDatabase();
    // Each room changes at every tenth position; a state has the number of its place.
    for (const room of [1, 2])
      for (let position = 10; position <= 400; position += 10)
        await test.db.run(sql`INSERT INTO room_state_log VALUES (${room}, ${position}, ${1000 * room + position})`);
  });
  after(() => test[Symbol.asyncDispose]());
  beforeEach(() => {
    asked = [];
    const rows = <Row>(statement: Sql): Promise<Row[]> => {
      asked.push(statement.name);
      return test.db.rows<Row>(statement);
    };
    logs = new StateLogs({ rows } as unknown as Database);
  });

  const rooms = () => [1, 2].map((nid) => ({ nid, stateLog: new StateLog('stored') }));

  it('is at hand for as many changes as were asked for, of all rooms together', async () => {
    const both = rooms();
    await logs.warmNewest(both, 3);
    expect(both.map(({ stateLog }) => stateLog.at(at(389)))).to.deep.equal([1380, 2380]);
    expect(both.map(({ stateLog }) => stateLog.at(at(379)))).to.deep.equal([undefined, undefined]);
    await logs.warmNewest(both, 2);
    expect(asked).to.deep.equal(['state_log.newest']);
  });

  it('is read again for whoever needs more of it, and never beyond what there is', async () => {
    const both = rooms();
    await logs.warmNewest(both, 2);
    await logs.warmNewest(both, 5);
    expect(both.map(({ stateLog }) => stateLog.at(at(360)))).to.deep.equal([1360, 2360]);
    both.push({ nid: 3, stateLog: new StateLog('stored') });
    await logs.warmNewest(both, 5);
    await logs.warmNewest(both, 5);
    expect(both[2]?.stateLog.at(at(360))).to.equal(EMPTY_STATE);
    expect(asked).to.deep.equal(['state_log.newest', 'state_log.newest', 'state_log.newest']);
  });

  it('is looked up for older positions, of several rooms together', async () => {
    const both = rooms();
    await logs.warmNewest(both, 2);
    asked = [];
    const older = (position: number) => Promise.all(both.map((room) => logs.at(room, at(position))));
    expect(await older(15)).to.deep.equal([1010, 2010]);
    expect(await older(15)).to.deep.equal([1010, 2010]);
    expect(await older(5)).to.deep.equal([EMPTY_STATE, EMPTY_STATE]);
    expect(asked).to.deep.equal(['state_log.at', 'state_log.at']);
  });
});
