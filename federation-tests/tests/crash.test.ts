import { expect } from 'chai';
import { crash } from '../crash/crash.ts';
import { crashSettings } from '../crash/settings.ts';
import { brokenRules } from '../crash/consistency.ts';
import { missingEvents, timelineFaults } from '../crash/verify.ts';
import { TestNetwork } from '../src/network.ts';
import { Person } from '../src/people.ts';
import { createDatabase } from '../src/database.ts';
import { freePort, ServerProcess } from '../src/process.ts';

describe('a server that is killed under load', () => {
  it('has everything that it has acknowledged', async function () {
    this.timeout(60_000);
    await using database = await createDatabase();
    const config = { ...crashSettings, database: { url: database.url } };
    await using server = new ServerProcess({ name: 'crash.test', port: await freePort(), config });
    const report = await crash({ server, times: 2, databaseUrl: () => database.url });
    expect(report.faults).to.deep.equal([]);
    expect(report.acknowledged).to.be.greaterThan(50);
    expect(report.repeated).to.be.greaterThan(0);
  });

  it('would be caught if it had forgotten something', async () => {
    await using network = await TestNetwork.start('a.test');
    const alice = await network.person('alice', 'a.test');
    const room = await alice.createRoom();
    const kept = { room, eventId: await alice.say(room, 'kept'), text: 'kept' };
    const lost = { room, eventId: '$lost', text: 'lost' };
    expect(await missingEvents(alice, [kept, lost])).to.deep.equal([lost]);
    expect(await timelineFaults(alice, [kept, lost])).to.deep.equal(['"lost" is missing']);
    await alice.say(room, 'kept');
    expect(await timelineFaults(alice, [kept])).to.deep.equal([`${room} has 1 duplicates`]);
  });

  it('would be caught if its tables did not agree with each other', async () => {
    await using database = await createDatabase();
    const config = { ...crashSettings, database: { url: database.url } };
    await using server = new ServerProcess({ name: 'crash.test', port: await freePort(), config });
    await server.start();
    const alice = await Person.register(server, 'alice');
    const room = await alice.createRoom();
    await alice.say(room, 'one');
    await alice.say(room, 'two');
    expect(await brokenRules(database.url)).to.deep.equal([]);
    await database.run("DELETE FROM events WHERE json LIKE '%one%'");
    expect(await brokenRules(database.url)).to.include('a timeline has no holes (1 times not)');
    await database.run("DELETE FROM events WHERE json LIKE '%two%'");
    const broken = await brokenRules(database.url);
    expect(broken).to.include('the head of a room is its newest event (1 times not)');
    expect(broken).to.include('extremities are events of the room (1 times not)');
  });
});
