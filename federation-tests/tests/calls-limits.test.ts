import { DisconnectReason, LeaveRequest_Action } from '@livekit/protocol';
import { mediaWorkerStatus } from '@holm/homeserver/features/calls/index';
import { expect } from 'chai';
import { createWorker } from 'mediasoup';
import type { Router } from 'mediasoup/types';
import { CallHouse, eventually, hasMediaWorker } from '../src/call-house.ts';
import { clientCodecs, MediaClient } from '../src/media-client.ts';
import type { Person } from '../src/people.ts';
import { AUDIO, VIDEO } from '../src/rtp-source.ts';
import { SignalClient } from '../src/signal-client.ts';

describe('limits of what is sent in calls', function () {
  this.timeout(60_000);
  const stack = new AsyncDisposableStack();
  let house: CallHouse;
  let router: Router;
  let alice: MediaClient;
  let bob: MediaClient;
  let people = 0;

  const join = async (person: Person): Promise<MediaClient> => {
    const client = await MediaClient.join(house.signallingUrl, house.tokenFor(person), router);
    if (!client) throw new Error('was not let in');
    return client;
  };
  const guest = () => house.guest(`someone${people++}`);
  const sentAway = async (client: MediaClient): Promise<void> => {
    const { action, reason } = await client.signal.hears('leave', 20_000);
    expect([action, reason]).to.eql([LeaveRequest_Action.DISCONNECT, DisconnectReason.JOIN_FAILURE]);
    await client.leave();
  };

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    const limits = { incoming_kbit: 1_500, track_kbit: 400, participants_of_user: 2 };
    stack.defer(() => void expect(house.server.errors).to.deep.equal([]));
    house = stack.use(await CallHouse.open({ workers: 1, config: { limits } }));
    const status = mediaWorkerStatus(process.env['MEDIASOUP_WORKER_BIN']);
    const worker = await createWorker({ workerBin: status.state === 'ready' ? status.path : '' });
    stack.defer(() => worker.close());
    router = await worker.createRouter({ mediaCodecs: clientCodecs });
    alice = stack.use(await join(await guest()));
    bob = stack.use(await join(await guest()));
    await alice.publish(AUDIO);
  });
  afterEach(async () => {
    const before = bob.receivedBytes;
    await eventually(() => bob.receivedBytes > before, 'Bob hears Alice all the same');
    expect([alice.signal.closed, bob.signal.closed]).to.eql([undefined, undefined]);
  });
  after(() => stack.disposeAsync());

  it('send those away of whom one track goes on to be too much', async () => {
    const mallory = await join(await guest());
    await mallory.publish(VIDEO); // 1.2 Mb/s
    await sentAway(mallory);
    expect(await house.refused('bitrate')).to.equal(1);
  });

  it('send those away whose tracks are too much together', async () => {
    const mallory = await join(await guest());
    // Each of them is below what one track may be with its tolerance, or nearly.
    for (let track = 0; track < 6; track++) await mallory.publish({ ...VIDEO, packetsPerSecond: 60 });
    await sentAway(mallory);
    expect(await house.refused('bitrate')).to.equal(2);
  });

  it('let one user in so often, and not for ever more', async () => {
    const mallory = await guest();
    const tokenAs = (identity: string) => house.tokenFor(mallory, 'elsewhere', { identity });
    const open = (identity: string) =>
      SignalClient.open(house.signallingUrl, { access_token: tokenAs(identity), auto_subscribe: '1' });
    using one = (await open('one'))!;
    using two = (await open('two'))!;
    await Promise.all([one.hears('join'), two.hears('join')]);
    expect(await open('three')).to.equal(undefined);
    using again = (await open('two'))!;
    await again.hears('join');
    expect((await two.hears('leave')).reason).to.equal(DisconnectReason.DUPLICATE_IDENTITY);
  });
});
