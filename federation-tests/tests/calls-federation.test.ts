import { DisconnectReason } from '@livekit/protocol';
import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { eventually, hasMediaWorker } from '../src/call-house.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { SignalClient } from '../src/signal-client.ts';

describe('users of other servers in our calls', function () {
  this.timeout(60_000);
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let alice: Person;
  let room: string;

  const calls = () => network.server('a.test').running.services.calls!;
  const tokenFor = ({ userId }: Person): string =>
    calls().tokens.mint({
      identity: userId,
      call: 'call',
      canPublish: true,
      member: { userId: UserId.parse(userId), roomId: RoomId.parse(room) },
    });
  const connect = (token: string): Promise<SignalClient | undefined> =>
    SignalClient.open(`${network.server('a.test').url.replace('http', 'ws')}/livekit/sfu`, { access_token: token });

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    const limits = { participants_of_other_server: 1 };
    const config = { calls: { enabled: true, port: 0, addresses: ['127.0.0.1'], workers: 1, limits } };
    network = stack.use(await TestNetwork.with({ names: ['a.test', 'b.test'], config }));
    alice = await network.person('alice', 'a.test');
    room = await alice.createRoom();
    await eventually(() => calls().problem === undefined, 'there is a worker');
  });
  after(() => stack.disposeAsync());

  it('get in while they are in the room, but not more from one server than may', async () => {
    const [bob, carol] = await Promise.all([network.person('bob', 'b.test'), network.person('carol', 'b.test')]);
    expect(await connect(tokenFor(bob)), 'before joining').to.equal(undefined);
    await bob.join(room, ['a.test']);
    await carol.join(room, ['a.test']);
    const inside = (await connect(tokenFor(bob)))!;
    await inside.hears('join');
    expect(await connect(tokenFor(carol)), 'one too many').to.equal(undefined);
    await bob.leave(room);
    await network.settle();
    expect((await inside.hears('leave', 2_000)).reason).to.equal(DisconnectReason.PARTICIPANT_REMOVED);
    expect(await connect(tokenFor(bob)), 'after leaving').to.equal(undefined);
  });

  it('are out when their server may not take part any more', async () => {
    const dave = await network.person('dave', 'b.test');
    await dave.join(room, ['a.test']);
    await network.settle(); // their server is in the room already: the others learn of it afterwards
    const inside = (await connect(tokenFor(dave)))!;
    await inside.hears('join');
    await alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: ['b.test'] });
    expect((await inside.hears('leave', 2_000)).reason).to.equal(DisconnectReason.PARTICIPANT_REMOVED);
    expect(await connect(tokenFor(dave))).to.equal(undefined);
  });
});
