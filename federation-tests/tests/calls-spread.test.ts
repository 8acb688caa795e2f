import { DisconnectReason, LeaveRequest_Action } from '@livekit/protocol';
import { expect } from 'chai';
import { createWorker } from 'mediasoup';
import type { Router, Worker } from 'mediasoup/types';
import { mediaWorkerStatus } from '@holm/homeserver/features/calls/index';
import { CallHouse, eventually, hasMediaWorker } from '../src/call-house.ts';
import { clientCodecs, MediaClient } from '../src/media-client.ts';
import { AUDIO, VIDEO } from '../src/rtp-source.ts';
import { SignalClient } from '../src/signal-client.ts';

describe('calls over several workers', function () {
  this.timeout(60_000);
  const stack = new AsyncDisposableStack();
  let house: CallHouse;
  let clients: Worker;
  let router: Router;
  let people = 0;

  const gauge = async (name: string): Promise<number> => {
    const metric = house.server.running.services.metrics.registry.getSingleMetric(`holm_calls_${name}`);
    return (await metric?.get())?.values[0]?.value ?? -1;
  };
  const join = async (call: string): Promise<MediaClient> => {
    const person = await house.guest(`person${people++}`);
    const client = await MediaClient.join(house.signallingUrl, house.tokenFor(person, call), router);
    if (!client) throw new Error('was not let in');
    return client;
  };
  /** Resolves once media comes, and goes on to come. */
  const receives = async (client: MediaClient, bytes = 20_000): Promise<void> => {
    const before = client.receivedBytes;
    await eventually(() => client.receivedBytes > before + bytes, 'media arrives');
  };

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    const unexpected = () => house.server.errors.filter((line) => !line.includes('a media worker died'));
    stack.defer(() => void expect(unexpected()).to.deep.equal([]));
    // Two people fill a worker, or ten streams.
    house = stack.use(await CallHouse.open({ workers: 2, config: { limits: { streams_per_worker: 10 } } }));
    const status = mediaWorkerStatus(process.env['MEDIASOUP_WORKER_BIN']);
    clients = await createWorker({ workerBin: status.state === 'ready' ? status.path : '' });
    stack.defer(() => clients.close());
    router = await clients.createRouter({ mediaCodecs: clientCodecs });
  });
  after(() => stack.disposeAsync());

  it('go on to the next worker when theirs is full, with a pipe for each track that is wanted there', async () => {
    await using first = await join('wide');
    const video = await first.publish(VIDEO);
    await first.publish(AUDIO);
    await using second = await join('wide');
    await receives(second);
    expect(await gauge('pipes')).to.equal(0);

    const third = await join('wide');
    await receives(third);
    expect(await gauge('pipes')).to.equal(2);
    const fourth = await join('wide');
    await receives(fourth);
    expect(await gauge('pipes'), 'a pipe is shared').to.equal(2);

    await third.publish(AUDIO);
    await receives(second, 1_000);
    expect(await gauge('pipes')).to.equal(3);

    const want = (client: MediaClient, subscribe: boolean) =>
      client.signal.say({ case: 'subscription', value: { trackSids: [video], subscribe } });
    want(fourth, false);
    want(third, false);
    await eventually(async () => (await gauge('pipes')) === 2, 'a pipe ends with the last who wants it');
    want(third, true);
    await eventually(async () => (await gauge('pipes')) === 3, 'another one is opened');
    await receives(third);

    await fourth.leave();
    expect(await gauge('pipes'), 'somebody there wants it still').to.equal(3);
    await third.leave();
    await eventually(async () => (await gauge('pipes')) === 0, 'pipes that nobody needs are closed');
    await receives(second);
  });

  it('go on where their worker lives, and are joined again by those whose worker has died', async () => {
    await using first = await join('half');
    await using second = await join('half');
    await first.publish(VIDEO);
    const third = await join('half');
    await third.publish(AUDIO);
    await receives(third);
    await receives(second);
    expect(await gauge('pipes')).to.equal(2);
    const [, pid] = house.calls.workerPids as [number, number];
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    const leave = await third.signal.hears('leave');
    expect([leave.action, leave.reason]).to.eql([LeaveRequest_Action.RECONNECT, DisconnectReason.MIGRATION]);
    await third.leave();
    await receives(second);
    await using again = await join('half');
    await receives(again);
    await again.publish(AUDIO);
    await receives(first, 1_000);
    expect(performance.now() - killedAt).to.be.below(10_000);
    expect([first.signal.closed, second.signal.closed]).to.eql([undefined, undefined]);
    await eventually(() => house.calls.workerPids.length === 2, 'there is another worker');
    expect(house.calls.workerPids).not.to.include(pid);
  });

  it('take in nobody when all workers are full of streams', async () => {
    const inside = [await join('loud'), await join('loud'), await join('loud'), await join('loud')];
    for (const client of inside) for (let track = 0; track < 3; track++) await client.publish(AUDIO);
    // Twelve tracks, three others to hear each: 36 streams, and the pipes.
    await eventually(async () => (await gauge('streams')) >= 36, 'everybody is sent everything');
    const person = await house.guest('late');
    const signal = await SignalClient.open(house.signallingUrl, { access_token: house.tokenFor(person, 'loud') });
    expect(signal).to.equal(undefined);
    expect(await house.connections('full')).to.equal(1);
    for (const client of inside) await client.leave();
  });
});
