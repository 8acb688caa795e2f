import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { mediaWorkerStatus } from './media-worker.ts';
import { proveMediaWorker } from './worker-proof.ts';
import { workerCache, type WorkerStatus } from './worker-cache.ts';

const NO_SUCH_PID = 2 ** 22 + 1;

describe('the status of the media worker', () => {
  const home = mkdtempSync(join(tmpdir(), 'holm-worker-'));
  const cache = workerCache(home);
  const write = (status: WorkerStatus) => writeFileSync(cache.status, JSON.stringify(status));

  before(() => mkdirSync(cache.folder, { recursive: true }));
  after(() => rmSync(home, { recursive: true }));

  it('knows of none before the step ran', () => {
    expect(mediaWorkerStatus(undefined, cache).state).to.equal('unavailable');
  });

  it('tells a build under way from one that was cut short', () => {
    write({ state: 'building', pid: process.pid });
    expect(mediaWorkerStatus(undefined, cache)).to.deep.equal({ state: 'building' });
    write({ state: 'building', pid: NO_SUCH_PID });
    expect(mediaWorkerStatus(undefined, cache).state).to.equal('unavailable');
  });

  it('says why there is none', () => {
    write({ state: 'unavailable', why: 'no compiler' });
    expect(mediaWorkerStatus(undefined, cache)).to.deep.equal({ state: 'unavailable', why: 'no compiler' });
  });

  it('finds the worker only where it still is', () => {
    write({ state: 'ready', path: cache.worker });
    expect(mediaWorkerStatus(undefined, cache).state).to.equal('unavailable');
    writeFileSync(cache.worker, '');
    expect(mediaWorkerStatus(undefined, cache)).to.deep.equal({ state: 'ready', path: cache.worker });
  });

  it('prefers the one that the operator names', () => {
    expect(mediaWorkerStatus(cache.status, cache)).to.deep.equal({ state: 'ready', path: cache.status });
    expect(mediaWorkerStatus('/nowhere', cache).state).to.equal('unavailable');
  });

  it('does not take a program that ends at once for a worker', async () => {
    writeFileSync(cache.worker, '#!/bin/sh\nexit 3\n');
    chmodSync(cache.worker, 0o755);
    const refusal = await proveMediaWorker(cache.worker).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Error);
  });
});
