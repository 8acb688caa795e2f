import { expect } from 'chai';
import { crash } from '../crash/crash.ts';
import { crashSettings } from '../crash/settings.ts';
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
});
