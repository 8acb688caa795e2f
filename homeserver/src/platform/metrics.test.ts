import { expect } from 'chai';
import { Metrics } from './metrics.ts';

describe('metrics', () => {
  it('tell all that was counted, whenever somebody asks', async () => {
    const metrics = new Metrics();
    const sent = metrics.counter('sent_total', 'What was sent.', { kind: ['one', 'other'] });
    const took = metrics.histogram('took_seconds', 'How long it took.', { kind: ['one'] }, [1, 2]);
    for (let i = 0; i < 250; i++) {
      sent.add(2, { kind: i < 249 ? 'one' : 'other' });
      took.observe(1.5, { kind: 'one' });
    }
    const first = await metrics.registry.metrics();
    expect(first).to.include('sent_total{kind="one"} 498').and.include('sent_total{kind="other"} 2');
    expect(first).to.include('took_seconds_bucket{le="1",kind="one"} 0');
    expect(first).to.include('took_seconds_bucket{le="2",kind="one"} 250');
    expect(first).to.include('took_seconds_sum{kind="one"} 375');
    sent.add(1, { kind: 'other' });
    expect(await metrics.registry.metrics()).to.include('sent_total{kind="other"} 3');
  });

  it('lose no more than what a bug makes of no use', async () => {
    const metrics = new Metrics();
    const sent = metrics.counter('sent_total', 'What was sent.', { kind: ['one'] });
    sent.add(1, { kind: 'one' });
    sent.add(-1, { kind: 'one' });
    sent.add(1, { kind: 'one' });
    const refused = await metrics.registry.metrics().catch((error: unknown) => error);
    expect((refused as AggregateError).errors.join()).to.include('decrease');
    expect(await metrics.registry.metrics()).to.include('sent_total{kind="one"} 2');
  });
});
