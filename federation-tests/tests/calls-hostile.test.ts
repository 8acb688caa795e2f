import {
  DisconnectReason,
  type LeaveRequest,
  LeaveRequest_Action,
  RequestResponse_Reason,
  TrackType,
} from '@livekit/protocol';
import { CallTokens } from '@holm/homeserver/features/calls/index';
import { systemClock } from '@holm/homeserver/platform/clock';
import { systemEntropy } from '@holm/homeserver/platform/entropy';
import { offerOf } from '@holm/homeserver/testing/session-descriptions';
import { expect } from 'chai';
import { CallHouse, eventually, hasMediaWorker } from '../src/call-house.ts';
import type { Person } from '../src/people.ts';
import { SignalClient } from '../src/signal-client.ts';

const audio = { type: TrackType.AUDIO, name: 'mic' };

describe('hostile clients of calls', function () {
  this.timeout(60_000);
  const stack = new AsyncDisposableStack();
  let house: CallHouse;
  let alice: Person;
  let mallory: Person;
  /** Somebody who means well, in the same call, whom nothing of this may concern. */
  let bystander: SignalClient;

  const tryToken = (token: string, more: Readonly<Record<string, string>> = {}) =>
    SignalClient.open(house.signallingUrl, { access_token: token, auto_subscribe: '1', ...more });
  const join = async (person: Person, call?: string): Promise<SignalClient> => {
    const client = await tryToken(house.tokenFor(person, call));
    if (!client) throw new Error('was not let in');
    await client.hears('join');
    return client;
  };
  const validate = async (token: string): Promise<readonly [number, string]> => {
    const url = `${house.signallingUrl.replace('ws', 'http')}/rtc/validate?access_token=${token}`;
    const answer = await fetch(url);
    expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
    return [answer.status, await answer.text()];
  };
  const isUnconcerned = async (): Promise<void> => {
    bystander.heard.length = 0;
    bystander.say({ case: 'pingReq', value: { timestamp: 7n } });
    expect((await bystander.hears('pongResp', 2_000)).lastPingTimestamp).to.equal(7n);
    expect(bystander.closed).to.equal(undefined);
  };
  /** Resolves with the words with which somebody was sent away. */
  const sentAway = async (client: SignalClient): Promise<LeaveRequest> => {
    const leave = await client.hears('leave');
    await client.ends();
    return leave;
  };

  before(async function () {
    if (!hasMediaWorker()) return this.skip();
    stack.defer(() => void expect(house.server.errors).to.deep.equal([]));
    house = stack.use(await CallHouse.open({ workers: 1, config: { limits: { participants: 3, tracks: 2 } } }));
    [alice, mallory] = await Promise.all([house.guest('alice'), house.guest('mallory')]);
    bystander = stack.use(await join(alice));
  });
  afterEach(() => isUnconcerned());
  after(() => stack.disposeAsync());

  it('find no other protocol', async () => {
    const url = house.signallingUrl.replace('ws', 'http');
    for (const path of ['/rtc/v1/validate', '/rtc/v1', '/settings/regions']) {
      const answer = await fetch(url + path);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).to.eql([404, '*']);
    }
    const v1 = new WebSocket(`${house.signallingUrl}/rtc/v1?access_token=${house.tokenFor(mallory)}`);
    await new Promise((resolve) => v1.addEventListener('error', resolve));
  });

  it('do not get in with wrong tokens', async () => {
    const foreign = new CallTokens({ secret: Buffer.alloc(32), clock: systemClock, entropy: systemEntropy });
    const [header, payload, signature] = house.tokenFor(mallory).split('.') as [string, string, string];
    const claims = Buffer.from(payload, 'base64url').toString().replaceAll(mallory.userId, alice.userId);
    const wrong = [
      '',
      'nonsense',
      mallory.token,
      foreign.mint(house.grantFor(alice)),
      `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`,
    ];
    for (const token of wrong) {
      expect((await validate(token))[0]).to.equal(401);
      expect(await tryToken(token)).to.equal(undefined);
    }
  });

  it('do not get in with the token of somebody who has left or logged out', async () => {
    const gone = await house.guest('gone');
    const token = house.tokenFor(gone);
    expect(await validate(token)).to.eql([200, 'success']);
    await gone.leave(house.room);
    expect((await validate(token))[0]).to.equal(403);
    expect(await tryToken(token)).to.equal(undefined);
    const away = await house.guest('away');
    const other = house.tokenFor(away);
    await away.ask('POST', '/logout', {});
    expect((await validate(other))[0]).to.equal(403);
  });

  it('are out in the same moment as their users', async () => {
    const ends: [string, (person: Person) => Promise<unknown>][] = [
      ['leaves', (person) => person.leave(house.room)],
      ['is banned', (person) => house.host.ban(house.room, person)],
      ['logs out', (person) => person.ask('POST', '/logout', {})],
      ['closes the account', (person) => person.deactivate()],
    ];
    for (const [index, [, end]] of ends.entries()) {
      const person = await house.guest(`leaving${index}`);
      const client = await join(person);
      await end(person);
      const { reason, action } = await client.hears('leave', 1_000);
      expect([reason, action]).to.eql([DisconnectReason.PARTICIPANT_REMOVED, LeaveRequest_Action.DISCONNECT]);
      await client.ends();
    }
  });

  it('do not get at the session of somebody else', async () => {
    const [alices] = [...house.calls.sessions()];
    const thief = (await tryToken(house.tokenFor(mallory), { reconnect: '1', sid: alices!.participant.id }))!;
    const { action, reason } = await sentAway(thief);
    expect([action, reason]).to.eql([LeaveRequest_Action.RECONNECT, DisconnectReason.STATE_MISMATCH]);
  });

  it('cannot speak for the tracks of others', async () => {
    bystander.say({ case: 'addTrack', value: { cid: 'alices', ...audio } });
    const { track } = await bystander.hears('trackPublished');
    using client = await join(mallory);
    client.say({ case: 'mute', value: { sid: track!.sid, muted: true } });
    client.say({ case: 'updateVideoTrack', value: { trackSid: track!.sid, width: 1, height: 1 } });
    client.say({ case: 'subscription', value: { trackSids: [track!.sid], subscribe: true } });
    client.say({ case: 'pingReq', value: { timestamp: 1n } });
    await client.hears('pongResp');
    const [session] = [...house.calls.sessions()];
    expect(session!.participant.tracks.get(track!.sid)!.isMuted).to.equal(false);
  });

  it('may announce so many tracks and no more, and none where they may not publish', async () => {
    using client = await join(mallory);
    for (const cid of ['a', 'b', 'c']) client.say({ case: 'addTrack', value: { cid, ...audio } });
    expect((await client.hears('requestResponse')).reason).to.equal(RequestResponse_Reason.LIMIT_EXCEEDED);
    const silent = await house.guest('silent');
    const listener = (await tryToken(house.tokenFor(silent, undefined, { canPublish: false })))!;
    listener.say({ case: 'addTrack', value: { cid: 'a', ...audio } });
    expect((await listener.hears('requestResponse')).reason).to.equal(RequestResponse_Reason.NOT_ALLOWED);
    listener[Symbol.dispose]();
    await eventually(() => [...house.calls.sessions()].length >= 1, 'the others are there');
  });

  const offer = (sdp: string) => ({ case: 'offer', value: { type: 'offer', sdp, id: 1 } }) as const;
  const section = { mid: '0', kind: 'audio' } as const;
  const many = Array.from({ length: 200 }, (_, index) => ({ mid: String(index), kind: 'application' }) as const);
  const descriptions: readonly [string, string][] = [
    ['nothing', ''],
    ['nonsense', 'v=0\r\nnonsense'],
    ['far too much', `${offerOf(section)}${'a=x:y\r\n'.repeat(60_000)}`],
    ['plain RTP', offerOf(section).replace('UDP/TLS/RTP/SAVPF', 'RTP/AVP')],
    ['no fingerprint', offerOf(section).replace(/a=fingerprint.*\r\n/, '')],
    ['a fingerprint of a kind that is none', offerOf(section).replace('sha-256 AA:BB', 'sha-0 AA:BB')],
    ['ten thousand sections', `v=0\r\n${'m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(10_000)}`],
  ];
  for (const [name, sdp] of descriptions) {
    it(`are sent away when they offer ${name}`, async () => {
      const client = await join(mallory);
      client.say(offer(sdp));
      await sentAway(client);
    });
  }

  it('have to begin anew when they offer more sections than a long call needs', async () => {
    const client = await join(mallory);
    client.say(offer(offerOf(...many)));
    expect((await sentAway(client)).action).to.equal(LeaveRequest_Action.RECONNECT);
  });

  it('are sent away when they answer nonsense', async () => {
    const client = await join(mallory);
    const { id } = await client.hears('offer');
    client.say({ case: 'answer', value: { type: 'answer', sdp: 'nonsense', id } });
    await sentAway(client);
  });

  it('are not heard when they answer what nobody offered', async () => {
    using client = await join(mallory);
    await client.hears('offer');
    client.say({ case: 'answer', value: { type: 'answer', sdp: 'nonsense', id: 99 } });
    client.say({ case: 'pingReq', value: { timestamp: 1n } });
    await client.hears('pongResp');
  });

  it('are sent away when they flood with offers', async () => {
    const client = await join(mallory);
    for (let turn = 0; turn < 60; turn++) client.say(offer(offerOf(section)));
    await isUnconcerned();
    const { action } = await sentAway(client);
    expect(action).to.equal(LeaveRequest_Action.DISCONNECT);
  });

  it('are sent away when they flood with anything', async () => {
    const client = await join(mallory);
    for (let turn = 0; turn < 5_000; turn++) client.say({ case: 'ping', value: 1n });
    await isUnconcerned();
    await sentAway(client);
  });

  it('are sent away when they send garbage', async () => {
    for (const garbage of [new Uint8Array([255, 255, 255, 255]), '{"no": json', '[]']) {
      const client = await join(mallory);
      client.sayBytes(garbage);
      await sentAway(client);
    }
  });

  it('are cut off when a message is larger than any may be', async () => {
    const client = await join(mallory);
    client.sayBytes(new Uint8Array(600_000));
    await client.ends();
  });

  it('do not get in by coming all at once', async () => {
    const people = await Promise.all([1, 2, 3, 4, 5, 6].map((each) => house.guest(`crowd${each}`)));
    const clients = await Promise.all(people.map((person) => tryToken(house.tokenFor(person, 'crowd'))));
    expect(clients.filter((client) => client !== undefined)).to.have.length(3);
    for (const client of clients) client?.[Symbol.dispose]();
  });

  it('do not get in where a call is full, in which they have no place yet', async () => {
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => house.guest(name)));
    const inside = [await join(one!, 'full'), await join(two!, 'full'), await join(three!, 'full')];
    expect(await tryToken(house.tokenFor(mallory, 'full'))).to.equal(undefined);
    using _again = await join(three!, 'full');
    await inside[2]!.ends();
    for (const client of inside) client[Symbol.dispose]();
  });
});
