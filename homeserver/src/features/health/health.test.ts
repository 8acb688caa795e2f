import { expect } from 'chai';
import { ipRanges } from '../../platform/address.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';
import { processMetrics } from '../../platform/process-metrics.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { createTestApp, serve } from '../../testing/http.ts';
import { type Check, healthOf } from './checks.ts';
import { healthRoutes } from './health.routes.ts';

const check = (name: string, needed: boolean, problem?: string): Check => ({
  name,
  needed,
  problem: () => Promise.resolve(problem),
});

const appWith = (checks: readonly Check[], metrics = new Metrics()) =>
  createTestApp([], { metrics, plainRoutes: healthRoutes({ checks, clock: systemClock, log: silentLog, metrics }) });

describe('health', () => {
  it('is live whatever happens, ready when what is needed works', async () => {
    const cases: [checks: Check[], status: number, components: object][] = [
      [[], 200, {}],
      [
        [check('database', true), check('mail', false, 'not configured')],
        200,
        { database: 'ok', mail: 'not configured' },
      ],
      [[check('database', true, 'migrating')], 503, { database: 'migrating' }],
      [[{ ...check('x', true), problem: () => Promise.reject(new Error('pg at 10.0.0.1')) }], 503, { x: 'failed' }],
    ];
    for (const [checks, status, components] of cases) {
      await using server = await serve(appWith(checks).handler());
      expect((await fetch(`${server.origin}/health`)).status).to.equal(200);
      const ready = await fetch(`${server.origin}/health/ready`);
      expect(ready.status).to.equal(status);
      expect(await ready.json()).to.deep.include({ components });
    }
  });

  it('does not wait for a part that hangs', async () => {
    const clock = new ManualClock();
    const pending = healthOf([{ ...check('hung', true), problem: () => new Promise(() => undefined) }], {
      clock,
      log: silentLog,
    });
    clock.advance(3000);
    expect(await pending).to.eql({ isReady: false, components: { hung: 'does not answer' } });
  });

  it('shows metrics to this machine, or on a listener of their own', async () => {
    const metrics = new Metrics();
    using _ = processMetrics(metrics);
    const app = appWith([], metrics);
    await using shared = await serve(app.handler({ trustedProxies: ipRanges(['127.0.0.1']) }));
    const local = await fetch(`${shared.origin}/metrics`);
    expect(local.headers.get('content-type')).to.contain('text/plain');
    const text = await local.text();
    expect(text).to.contain('process_event_loop_delay_p99_seconds').and.contain('holm_http_request_seconds');
    for (const header of ['x-forwarded-for', 'forwarded', 'via']) {
      const forwarded = await fetch(`${shared.origin}/metrics`, { headers: { [header]: '127.0.0.1' } });
      expect(forwarded.status, header).to.equal(404);
    }
    await using own = await serve(app.handler({ resources: ['metrics'] }));
    expect((await fetch(`${own.origin}/metrics`, { headers: { 'x-forwarded-for': '9.9.9.9' } })).status).to.equal(200);
    expect((await fetch(`${own.origin}/health`)).status).to.equal(404);
  });
});
