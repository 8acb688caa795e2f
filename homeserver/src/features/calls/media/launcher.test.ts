import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { version } from 'mediasoup';
import { silentLog } from '../../../platform/log.ts';
import { systemClock } from '../../../platform/clock.ts';
import { mediaWorkerStatus } from '../media-worker.ts';
import { writeLauncher } from './launcher.ts';
import { WorkerPool } from './pool.ts';

describe('media workers', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), "holm it's a launcher-"));
  const status = mediaWorkerStatus(process.env['MEDIASOUP_WORKER_BIN']);
  let pool: WorkerPool;

  before(async function () {
    if (status.state !== 'ready') return this.skip();
    process.env['HOLM_TEST_SECRET'] = 'hush';
    const program = await writeLauncher(folder, status.path, version);
    const listenInfos = () => [{ protocol: 'udp' as const, ip: '127.0.0.1' }];
    pool = new WorkerPool({ clock: systemClock, log: silentLog, size: 2, program, listenInfos, capacity: 500 });
    await pool.start();
  });
  after(async () => {
    delete process.env['HOLM_TEST_SECRET'];
    rmSync(folder, { recursive: true });
    // Started again meanwhile, or not.
    await (pool as WorkerPool | undefined)?.stop();
  });

  it('know nothing of our environment, and are nobody where we are root', function () {
    const [pid] = pool.pids;
    if (!existsSync(`/proc/${pid}/environ`)) return this.skip();
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(variables.map((each) => each.split('=')[0])).to.include('MEDIASOUP_VERSION');
    expect(variables.join()).not.to.contain('hush').and.not.to.contain('PATH=/');
    const isRoot = process.getuid?.() === 0;
    expect(statSync(`/proc/${pid}`).uid).to.equal(isRoot ? 65_534 : process.getuid?.());
  });

  it('do not hear Ctrl-C, which goes to all of a session', function () {
    const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    if (!existsSync('/proc/self/stat') || !existsSync('/usr/bin/setsid')) return this.skip();
    for (const pid of pool.pids) expect(session(pid)).to.equal(String(pid));
  });

  it('are started again when they die, and calls go to another one meanwhile', async () => {
    const [first, second] = pool.pids as [number, number];
    const media = await pool.openCall();
    if (typeof media === 'string') throw new Error(media);
    const lost = new Promise<void>((resolve) => media.onLost(resolve));
    process.kill(first, 'SIGKILL');
    process.kill(second, 'SIGKILL');
    await lost;
    expect(media.router.closed).to.equal(true);
    while (pool.size < 2) await systemClock.sleep(20);
    expect(pool.deaths).to.equal(2);
    expect(pool.pids).not.to.include(first).and.not.to.include(second);
    expect(await pool.openCall()).to.have.property('router');
  });

  it('start all or none', async () => {
    const broken = new WorkerPool({
      clock: systemClock,
      log: silentLog,
      size: 2,
      capacity: 500,
      program: join(folder, 'media-worker'),
      // No machine has this one.
      listenInfos: (index) => [{ protocol: 'udp', ip: index === 0 ? '127.0.0.1' : '192.0.2.254' }],
    });
    const refusal = await broken.start().catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Error);
    expect(broken.size).to.equal(0);
  });
});
