import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { silentLog } from '../platform/log.ts';
import { servedEmbedded, startEmbedded, type Embedded } from './embedded.ts';
import { findBinaries } from './embedded/binaries.ts';
import { openHome } from './embedded/home.ts';
import { runningPostmaster } from './embedded/postmaster.ts';

const settings = { fsync: 'off', shared_buffers: '16MB' };

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
};

/** Listens on a port as soon as that is free. */
const listening = async (port: number): Promise<Server> => {
  for (;;) {
    const server = createServer().listen(port, '127.0.0.1');
    const isOn = await once(server, 'listening').catch(() => undefined);
    if (isOn) return server;
    await pause(5);
  }
};

describe('the embedded PostgreSQL', function () {
  this.timeout(60_000);
  let dataDir: string;
  let running: Embedded | undefined;

  const start = async () => (running = await startEmbedded({ dataDir, log: silentLog, settings }));
  const folder = () => openHome(dataDir, undefined, silentLog).folder;
  const pid = () => runningPostmaster(folder())!.pid;

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'holm-embedded-'));
    chmodSync(dataDir, 0o711); // as root, PostgreSQL's own account has to get in
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  after(() => rmSync(dataDir, { recursive: true }));

  it('starts, stops and finds its data and its port again', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS number');
    await first.stop();
    expect(runningPostmaster(folder())).to.equal(undefined);
    const second = await start();
    expect(second.url).to.equal(first.url);
    expect(await query(second.url, 'SELECT number FROM kept')).to.deep.equal([7]);
  });

  it('reads in at a start what it had in memory before', async function () {
    if (!findBinaries(undefined).canPrewarm) this.skip();
    await (await start()).stop();
    const { url } = await start();
    const log = () => readFileSync(join(folder(), 'postgres.log'), 'utf8');
    while (!/prewarmed [1-9]\d* of/.test(log())) await query(url, 'SELECT 1');
  });

  it('is there for commands beside a server that runs, and only then', async () => {
    const server = await start();
    expect(await servedEmbedded(dataDir)).to.equal(server.url);
    await server.stop();
    expect(await servedEmbedded(dataDir)).to.equal(undefined);
    expect(await servedEmbedded(join(dataDir, 'nothing here'))).to.equal(undefined);
  });

  it('keeps the password from others and listens on this machine only', async () => {
    const { url } = await start();
    expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).to.equal(0o600);
    expect(await query(url, 'SHOW listen_addresses')).to.deep.equal(['127.0.0.1']);
    expect(await query(url, 'SHOW unix_socket_directories')).to.deep.equal([folder()]);
    expect(statSync(folder()).mode & 0o777).to.equal(0o700);
    expect(await query(url, 'SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL')).to.have.length(1);
  });

  it('is talked to over a socket, and over its port where a path is too long for one', async () => {
    const isOverSocket = 'SELECT inet_client_addr() IS NULL';
    expect(await query((await start()).url, isOverSocket)).to.deep.equal([true]);
    await running?.stop();
    const [short, long] = [dataDir, join(dataDir, 'a'.repeat(60), 'b'.repeat(60))];
    try {
      mkdirSync((dataDir = long), { recursive: true });
      expect(await query((await start()).url, isOverSocket)).to.deep.equal([false]);
    } finally {
      dataDir = short;
    }
  });

  it('sorts by code point and folds the case of every script', async () => {
    const { url } = await start();
    expect(await query(url, `SELECT x FROM (VALUES ('b'), ('B'), ('a')) AS v(x) ORDER BY x`)).to.deep.equal([
      'B',
      'a',
      'b',
    ]);
    expect(await query(url, `SELECT lower('ÅΔ')`)).to.deep.equal(['åδ']);
  });

  it('adopts the database of a server that was killed, and ends its open transactions', async () => {
    const script = `
      import { startEmbedded } from ${JSON.stringify(import.meta.resolve('./embedded.ts'))};
      import { silentLog as log } from ${JSON.stringify(import.meta.resolve('../platform/log.ts'))};
      import pg from ${JSON.stringify(import.meta.resolve('pg'))};
      const { url } = await startEmbedded({ dataDir: process.argv[1], log, settings: JSON.parse(process.argv[2]) });
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('CREATE TABLE half (n int)');
      await client.query('BEGIN; INSERT INTO half VALUES (1)');
      console.log('ready');
      await client.query('SELECT pg_sleep(60)');`;
    const server = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.stdout, 'data');
    const before = pid();
    server.kill('SIGKILL');
    const { url } = await start();
    expect(pid()).to.equal(before);
    expect(await query(url, 'SELECT count(*)::int FROM half')).to.deep.equal([0]);
    expect(
      await query(url, `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid()`),
    ).to.deep.equal([]);
  });

  it('is brought back when it dies', async () => {
    const { url } = await start();
    await query(url, 'CREATE TABLE survives (n int)');
    const killed = pid();
    process.kill(killed, 'SIGKILL');
    let rows: unknown[] | undefined;
    while (rows === undefined) rows = await query(url, 'SELECT count(*)::int FROM survives').catch(() => undefined);
    expect(rows).to.deep.equal([0]);
    expect(pid()).not.to.equal(killed);
  });

  it('is brought back where it was, when something else has taken its port meanwhile', async () => {
    const { url } = await start();
    const { port } = openHome(dataDir, undefined, silentLog);
    process.kill(pid(), 'SIGKILL');
    const thief = await listening(port!);
    await pause(1_500);
    thief.close();
    let rows: unknown[] | undefined;
    while (rows === undefined) rows = await query(url, 'SELECT 1').catch(() => undefined);
    expect(rows).to.deep.equal([1]);
  });

  it('is not fooled by a lock file whose process number belongs to somebody else now', async () => {
    await (await start()).stop();
    const file = join(folder(), 'data/postmaster.pid');
    writeFileSync(file, `${process.pid}\n${folder()}/data\n1\n1\n\n127.0.0.1\n\nready   \n`);
    const { url } = await start();
    expect(await query(url, 'SELECT 1')).to.deep.equal([1]);
    expect(Number(readFileSync(file, 'utf8').split('\n')[0])).not.to.equal(process.pid);
  });

  it('refuses a second server on the same data', async () => {
    await start();
    const refusal = await startEmbedded({ dataDir, log: silentLog, settings }).catch((error: unknown) => error);
    expect(String(refusal)).to.contain('in use by another Holm server');
  });
});
