import type { DeviceId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { MemoryTxnIds, txnScope } from './txn-ids.ts';

const device = (userId: string, deviceId: string) => ({ userId: userId as UserId, deviceId: deviceId as DeviceId });
const alice = device('@a:test', 'A');

describe('transaction ids', () => {
  it('are scoped to the device and the path', () => {
    const scopes = [
      txnScope(alice, 'send', '!a', 't'),
      txnScope(alice, 'send', '!b', 't'),
      txnScope(alice, 'sendToDevice', 't'),
      txnScope(device('@a:test', 'B'), 'send', '!a', 't'),
      txnScope(alice, 'send', '!a","t'),
    ];
    expect(new Set(scopes).size).to.equal(scopes.length);
  });

  it('make a request happen once, also while it is under way', async () => {
    const ids = new MemoryTxnIds(new ManualClock());
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const work = () => gate.promise.then(() => ++runs);
    const scope = txnScope(alice, 'send', 't');
    const both = [ids.once(scope, work), ids.once(scope, work)];
    gate.resolve();
    expect(await Promise.all(both)).to.eql([1, 1]);
    expect(await ids.once(scope, work)).to.equal(1);
    expect(await ids.once(txnScope(alice, 'send', 'u'), work)).to.equal(2);
  });

  it('forget failures, and everything after a while', async () => {
    const clock = new ManualClock();
    const ids = new MemoryTxnIds(clock);
    const scope = txnScope(alice, 'send', 't');
    const failed = await ids.once(scope, () => Promise.reject(new Error('no'))).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    expect(await ids.once(scope, () => Promise.resolve('first'))).to.equal('first');
    clock.advance(31 * 60_000);
    expect(await ids.once(scope, () => Promise.resolve('second'))).to.equal('second');
    for (let n = 0; n < 50_010; n++) await ids.once(txnScope(alice, 'send', `${n}`), () => Promise.resolve(n));
    expect(ids.size).to.equal(50_000);
  });
});
