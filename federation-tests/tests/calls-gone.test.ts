import { ParticipantInfo_State } from '@livekit/protocol';
import { expect } from 'chai';
import type { Calls } from '@holm/homeserver/features/calls/index';
import { RoomId, UserId } from '@holm/spec/ids';
import { eventually, hasMediaWorker } from '../src/call-house.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { SignalClient } from '../src/signal-client.ts';

describe('participants who are gone without a word', function () {
  this.timeout(30_000);
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let room: string;
  let alice: Person;

  const calls = (): Calls => network.server('a.test').running.services.calls!;
  const join = async (person: Person, identity: string): Promise<SignalClient> => {
    const token = calls().tokens.mint({
      identity,
      call: 'call',
      canPublish: true,
      member: { userId: UserId.parse(person.userId), roomId: RoomId.parse(room) },
    });
    const url = `${network.server('a.test').url.replace('http', 'ws')}/livekit/sfu`;
    const client = await SignalClient.open(url, { access_token: token, auto_subscribe: '1' });
    if (!client) throw new Error('was not let in');
    await client.hears('offer');
    return client;
  };
  const ping = async (client: SignalClient, timestamp: bigint): Promise<void> => {
    client.say({ case: 'pingReq', value: { timestamp } });
    await client.hears('pongResp', undefined, ({ lastPingTimestamp }) => lastPingTimestamp === timestamp);
  };

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    const worker = process.env['MEDIASOUP_WORKER_BIN'];
    const config = {
      calls: { enabled: true, port: 0, addresses: ['127.0.0.1'], workers: 1, ...(worker && { worker }) },
    };
    network = stack.use(await TestNetwork.with({ names: ['a.test'], config }));
    alice = await network.person('alice', 'a.test');
    room = await alice.createRoom();
    await eventually(() => calls().problem === undefined, 'there is a worker');
  });
  after(() => stack.disposeAsync());

  it('are missed by the others after so long, and leave nothing behind', async () => {
    const bystander = await join(alice, 'bystander');
    const silent = await join(alice, 'silent');
    let stamp = 0n;
    const isGone = () =>
      bystander.heard.some(
        (message) =>
          message.case === 'update' &&
          message.value.participants.some(
            ({ identity, state }) => identity === 'silent' && state === ParticipantInfo_State.DISCONNECTED,
          ),
      );
    // Its socket is open all the time, but nothing comes on it.
    const pass = async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 5) {
        network.clock.advance(5_000);
        await ping(bystander, (stamp += 1n));
      }
    };
    await pass(30);
    expect(isGone(), 'a client may be back until then').to.equal(false);
    await pass(15);
    await eventually(isGone, 'it is missed');
    expect([...calls().members()]).to.have.length(1);
    await silent.ends();

    bystander.say({ case: 'leave', value: {} });
    await bystander.ends();
    await eventually(() => calls().participants === 0, 'nobody is left');
  });
});
