import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import { silentLog } from '../../../platform/log.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import type { PictureJob } from './jobs.ts';
import { PictureProcesses, TooBusyError } from './processes.ts';

describe('processes for pictures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holm-pictures-'));
  const source = join(folder, 'source.png');
  const job: PictureJob = { source, kind: 'image/png', maxPixels: 1e6 };

  before(async () => {
    writeFileSync(
      source,
      await sharp({ create: { width: 7, height: 9, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are as many as may be, and answer everybody', async () => {
    using processes = new PictureProcesses({ clock: new ManualClock(), log: silentLog, atOnce: 2 });
    const answers = await Promise.all(Array.from({ length: 7 }, () => processes.run(job)));
    expect(answers).to.deep.equal(answers.map(() => ({ outcome: 'as it is', size: { width: 7, height: 9 } })));
    expect(processes.size).to.equal(2);
  });

  it('end when there is nothing to do, and start again', async () => {
    const clock = new ManualClock();
    using processes = new PictureProcesses({ clock, log: silentLog, atOnce: 1 });
    await processes.run(job);
    clock.advance(60_000);
    while (processes.size > 0) await new Promise(setImmediate);
    expect((await processes.run(job)).outcome).to.equal('as it is');
  });

  it('are ended when they hang, and the next picture is made by another', async () => {
    const clock = new ManualClock();
    using processes = new PictureProcesses({ clock, log: silentLog, atOnce: 1 });
    // Nobody ever writes to it.
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const stuck = processes.run({ ...job, source: pipe });
    const next = processes.run(job);
    clock.advance(30_000);
    expect((await stuck).outcome).to.equal('no picture');
    expect((await next).outcome).to.equal('as it is');
  });

  it('take only so many pictures on', async () => {
    const processes = new PictureProcesses({ clock: new ManualClock(), log: silentLog, atOnce: 1 });
    const accepted = Array.from({ length: 201 }, () => processes.run(job));
    const refused: unknown = await processes.run(job).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(TooBusyError);
    processes[Symbol.dispose]();
    // Nobody is left waiting.
    await Promise.all(accepted);
  });
});
