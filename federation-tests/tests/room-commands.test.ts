import { administrationOf } from '@holm/homeserver/compose/room-commands';
import { runRoom } from '@holm/homeserver/cli/run-room';
import { roomCommand } from '@holm/homeserver/cli/room-command';
import { silentLog } from '@holm/homeserver/platform/log';
import { connect } from '@holm/homeserver/storage/connect';
import { sql } from '@holm/homeserver/storage/sql';
import { testDatabaseUrl } from '@holm/homeserver/testing/database';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf } from '../src/people.ts';

describe('rooms from the command line', () => {
  it('are held, released and removed by a server that is running', async () => {
    await using network = await TestNetwork.start('a.test');
    const alice = await network.person('alice', 'a.test');
    const room = await alice.createRoom({ name: 'Hall' });
    const { services } = network.server('a.test').running;
    const [{ schema } = { schema: '' }] = await network
      .server('a.test')
      .rows<{ schema: string }>(sql`SELECT current_schema() AS schema`);
    // As another process.
    const own = {
      url: testDatabaseUrl(),
      schema,
      poolSize: 2,
      statementTimeoutMs: 10_000,
      log: silentLog,
    };
    const db = await connect(own);
    const rooms = await administrationOf(db, network.clock, 'a.test' as never);
    await using port = Object.assign(rooms, { [Symbol.asyncDispose]: () => db.close() });
    const holm = (verb: string, names = [room], evict = false) =>
      runRoom(roomCommand(verb, names, { configFile: undefined, evict, block: false }), port);
    const said = () => alice.request('PUT', `${pathOf(room)}/send/m.room.message/${Math.random()}`, { body: 'x' });
    /** As the schedule has it, within a minute. */
    const aMinuteLater = async () => {
      await services.rooms.engine.holds.refresh();
      await services.upkeep.jobs.work();
    };
    expect(await holm('list', ['hall'])).to.equal(`${room}  1 joined, 1 here  Hall\n`);
    expect(await holm('list', ['cellar'])).to.equal('there is no such room\n');
    await holm('quarantine');
    await aMinuteLater();
    expect((await said()).status).to.equal(403);
    expect(await holm('show')).to.match(/held +quarantined/);
    await holm('release');
    await aMinuteLater();
    expect((await said()).status).to.equal(200);
    const refused = await holm('purge').catch((error: unknown) => (error as Error).message);
    expect(refused).to.include('users of this server are in the room');
    expect(await holm('purge', [room], true)).to.match(/^job \d+ removes /);
    // Others get some time to hear of it.
    for (let minute = 0; minute < 15; minute++) {
      await aMinuteLater();
      network.clock.advance(60_000);
    }
    expect(await holm('list', ['hall'])).to.equal('there is no such room\n');
    expect((await said()).status).to.equal(403);
  });
});
