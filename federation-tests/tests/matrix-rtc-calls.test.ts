import { DisconnectReason } from '@livekit/protocol';
import { expect } from 'chai';
import { eventually, hasMediaWorker } from '../src/call-house.ts';
import { type Answer, call, Refused } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { PASSWORD, type Person } from '../src/people.ts';
import { SignalClient } from '../src/signal-client.ts';

const SLOT = 'm.call#ROOM';
const config = {
  turn: { uris: ['turns:turn.test'], shared_secret: 'hush' },
  calls: { enabled: true, port: 0, addresses: ['127.0.0.1'], workers: 1 },
};
const MEMBER = 'org.matrix.msc3401.call.member';

describe('members of calls', function () {
  this.timeout(60_000);
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let alice: Person;
  let room: string;

  const serviceUrl = (server: string) => `${network.server(server).url}/livekit/jwt`;
  const proofOf = (who: Person) => who.ask('POST', `/user/${encodeURIComponent(who.userId)}/openid/request_token`, {});
  const service = async (who: Person, path: string, body: object): Promise<Answer> =>
    call('POST', serviceUrl('a.test') + path, { body: { openid_token: await proofOf(who), ...body } });
  const legacy = (who: Person, more: object = {}) =>
    service(who, '/sfu/get', { room, device_id: who.deviceId, ...more });
  /** Comes into the call on a.test as Element Call does. */
  const enter = async (who: Person): Promise<SignalClient> => {
    const { status, body } = await legacy(who);
    if (status !== 200) throw new Refused('a token', { status, body, headers: new Headers() });
    const url = `${network.server('a.test').url.replace('http', 'ws')}/livekit/sfu`;
    const client = await SignalClient.open(url, { access_token: body.jwt });
    if (!client) throw new Error('was not let in');
    stack.use(client);
    await client.hears('join');
    return client;
  };
  const working = () =>
    eventually(() => network.server('a.test').running.services.calls!.problem === undefined, 'there can be calls');

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    network = stack.use(await TestNetwork.with({ names: ['a.test', 'b.test'], config }));
    alice = await network.person('alice', 'a.test');
    room = await alice.createRoom();
    await working();
  });
  after(() => stack.disposeAsync());

  it('have media workers: as long as nobody may come with a token, none runs', async () => {
    const { calls } = network.server('a.test').running.services;
    const url = `${network.server('a.test').url.replace('http', 'ws')}/livekit/sfu`;
    expect(await SignalClient.open(url, { access_token: 'invented' })).to.equal(undefined);
    expect(calls!.workerPids).to.eql([]);
    await enter(alice);
    expect(calls!.workerPids).to.have.length(1);
  });

  it('are told of a relay, if they are users of this server', async () => {
    const { iceServers } = await (await enter(alice)).hears('join');
    const { username, password } = await alice.ask('GET', '/voip/turnServer');
    expect(iceServers).to.have.length(1);
    expect(iceServers[0]).to.deep.include({ urls: ['turns:turn.test'], username, credential: password });
    const bob = await network.person('bob', 'b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    expect((await (await enter(bob)).hears('join')).iceServers).to.deep.equal([]);
  });

  describe('are out at once', () => {
    const logout = (who: Person) => who.ask('POST', '/logout', {});
    const ways: readonly (readonly [what: string, server: string, act: (who: Person) => Promise<unknown>])[] = [
      ['when they leave', 'a.test', (who) => who.leave(room)],
      ['when they are kicked', 'a.test', (who) => alice.kick(room, who)],
      ['when they are banned', 'a.test', (who) => alice.ban(room, who)],
      ['when they log out', 'a.test', logout],
      ['when they log out everywhere', 'a.test', (who) => who.ask('POST', '/logout/all', {})],
      ['when another device of theirs removes this one', 'a.test', (who) => removeDevice(who)],
      ['when their account is closed', 'a.test', (who) => who.deactivate()],
      ['when those of another server leave', 'b.test', (who) => who.leave(room)],
      ['when those of another server are kicked', 'b.test', (who) => alice.kick(room, who)],
      ['when those of another server are banned', 'b.test', (who) => alice.ban(room, who)],
      ['when their server is shut out', 'b.test', () => deny('b.test')],
    ];
    const removeDevice = async (who: Person): Promise<void> => {
      const other = await who.login();
      const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: who.name }, password: PASSWORD };
      await other.ask('DELETE', `/devices/${who.deviceId}`, { auth });
    };
    const deny = (server: string) => alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: [server] });

    for (const [what, server, act] of ways) {
      it(what, async () => {
        const person = await network.person('somebody', server);
        await person.join(room, ['a.test']);
        await network.settle();
        const [theirs, stays] = [await enter(person), await enter(alice)];
        await act(person);
        expect((await theirs.hears('leave')).reason).to.equal(DisconnectReason.PARTICIPANT_REMOVED);
        await theirs.ends();
        expect(stays.closed, 'the others stay').to.equal(undefined);
      });
    }
  });

  describe('who delegate their leaving', () => {
    let bob: Person;
    const stateKey = () => `_${bob.userId}_${bob.deviceId}_m.call`;
    const membership = () => alice.stateAt(room, [MEMBER, stateKey()]);
    /** Their membership, and the delayed event that ends it. */
    const comeIn = async (delayMs = 60_000): Promise<string> => {
      const path = `/rooms/${encodeURIComponent(room)}/state/${MEMBER}/${encodeURIComponent(stateKey())}`;
      await bob.ask('PUT', path, { application: 'm.call' });
      return (await bob.ask('PUT', `${path}?org.matrix.msc4140.delay=${delayMs}`, {})).delay_id;
    };
    const delegate = (who: Person, delayId: string, more: object = {}): Promise<Answer> =>
      call('POST', `${who.home.url}/_matrix/client/v1/rtc/livekit/delegate_delayed_leave`, {
        token: who.token,
        body: {
          ...{ url: 'wss://a.test/livekit/sfu', room_id: room, slot_id: SLOT, member_id: 'M', delay_id: delayId },
          ...more,
        },
      });
    /** Lets time go on for everybody, who say so to the SFU. */
    const pass = async (seconds: number, client?: SignalClient): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 5) {
        client?.say({ case: 'pingReq', value: { timestamp: BigInt(passed) } });
        if (client) {
          client.heard.length = 0;
          await client.hears('pongResp');
        }
        for (let second = 0; second < 5; second++) {
          network.clock.advance(1_000);
          await network.settle();
        }
      }
    };
    beforeEach(async () => {
      bob = await network.person('bob', 'a.test');
      await alice.setState(room, ['m.room.power_levels', ''], { events: { [MEMBER]: 0 } });
      await bob.join(room);
    });
    const IN = { application: 'm.call' };

    it('are in while they are connected, and out when they are not', async () => {
      const delayId = await comeIn();
      expect((await delegate(bob, delayId)).body).to.deep.equal({});
      const client = await enter(bob);
      await pass(150, client);
      expect(await membership(), 'longer than the delay').to.deep.equal(IN);
      client.say({ case: 'leave', value: {} });
      await client.ends();
      await pass(5);
      expect(await membership(), 'they might come back').to.deep.equal(IN);
      await pass(10);
      expect(await membership()).to.deep.equal({});
      expect(network.server('a.test').running.services.rtc!.delegations.size).to.equal(0);
    });

    it('are out when they never come, and in when they do as the server starts again', async () => {
      await delegate(bob, await comeIn(3_600_000));
      await pass(170);
      expect(await membership()).to.deep.equal(IN);
      await network.stop('a.test');
      await network.start('a.test');
      await working();
      await pass(170);
      expect(await membership(), 'waited for anew').to.deep.equal(IN);
      await pass(15);
      expect(await membership()).to.deep.equal({});
    });

    it('may do so by the services of drafts, for their own events and nobody else', async () => {
      const member = { id: 'M', claimed_user_id: bob.userId, claimed_device_id: bob.deviceId };
      const slot = { room_id: room, slot_id: SLOT, member };
      const drafts: readonly ((delayId: string) => Promise<Answer>)[] = [
        (delay_id) => service(bob, '/delegate_delayed_leave', { ...slot, delay_id }),
        (delay_id) => service(bob, '/get_token', { ...slot, delay_id, delay_timeout: 1, delay_cs_api_url: 'http://x' }),
        (delay_id) => legacy(bob, { delay_id, delay_timeout: 60_000, delay_cs_api_url: 'http://127.0.0.1:1' }),
      ];
      const { delegations } = network.server('a.test').running.services.rtc!;
      for (const draft of drafts) {
        const answer = await draft(await comeIn());
        expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
        const before = delegations.size;
        const wrong = await draft('unknown');
        expect([wrong.status, delegations.size]).to.deep.equal([400, before]);
      }
      // Two of one member, in turn, and one of the device.
      expect(delegations.size).to.equal(2);
      // One event, in the words of every generation.
      const same = await comeIn();
      for (const draft of drafts) expect((await draft(same)).status).to.equal(200);
      expect((await delegate(bob, same)).status).to.equal(200);
      expect(delegations.size).to.equal(1);
    });

    it('cannot delegate what is not theirs, not of the room, over, or too short', async () => {
      const refused = async (answer: Promise<Answer>) => [(await answer).status, (await answer).body.errcode];
      const INVALID = [400, 'M_INVALID_PARAM'];
      const delayId = await comeIn();
      expect(await refused(delegate(alice, delayId))).to.deep.equal(INVALID);
      expect(await refused(delegate(bob, delayId, { room_id: await bob.createRoom() }))).to.deep.equal(INVALID);
      expect(await refused(delegate(bob, delayId, { url: 'wss://b.test/livekit/sfu' }))).to.deep.equal(INVALID);
      expect(await refused(delegate(bob, await comeIn(5_000)))).to.deep.equal(INVALID);
      const cancel = `/_matrix/client/v1/delayed_events/${delayId}/cancel`;
      expect((await call('POST', bob.home.url + cancel, { body: {} })).status).to.equal(200);
      expect(await refused(delegate(bob, delayId))).to.deep.equal(INVALID);
      // Element Call asks so whether there is such an endpoint.
      for (const url of [`${serviceUrl('a.test')}/delegate_delayed_leave`, `${bob.home.url}${UNSTABLE}`]) {
        expect((await call('POST', url)).status).not.to.equal(404);
      }
    });

    it('are out as soon as they say so themselves, and nothing is sent twice', async () => {
      const delayId = await comeIn();
      await delegate(bob, delayId);
      const client = await enter(bob);
      await pass(5, client);
      const send = `/_matrix/client/v1/delayed_events/${delayId}/send`;
      expect((await call('POST', bob.home.url + send, { body: {} })).status).to.equal(200);
      const left = await eventAt();
      client.say({ case: 'leave', value: {} });
      await client.ends();
      await pass(30);
      expect(await eventAt()).to.equal(left);
    });
    const eventAt = async (): Promise<string | undefined> => (await alice.state(room))[`${MEMBER} ${stateKey()}`];
  });
});

const UNSTABLE = '/_matrix/client/unstable/io.element.msc4195/rtc/livekit/delegate_delayed_leave';
