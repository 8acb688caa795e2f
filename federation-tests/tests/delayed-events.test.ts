import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

const UNSTABLE = '/_matrix/client/unstable/org.matrix.msc4140';
const LIMITS = { max_delay_ms: 3_600_000, max_scheduled_per_user: 3 };

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('delayed events', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  let count = 0;

  before(async () => {
    network = await TestNetwork.with({ names: ['a.test'], config: { delayed_events: LIMITS } });
  });
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
    room = await alice.createRoom();
    await bob.join(room);
  });

  const at = (path: string) => `${network.server('a.test').url}${path}`;
  const withToken = (who: Person, method: string, path: string, body?: unknown): Promise<Answer> =>
    call(method, at(path), { token: who.token, body });
  const message = (text: string) => ({ msgtype: 'm.text', body: text });

  const schedule = async (who: Person, body: object, txn = `t${count++}`): Promise<Answer> =>
    who.request('PUT', `/rooms/${encodeURIComponent(room)}/delayed_event/m.room.message/${txn}`, body);
  const later = async (text: string, delay = 10_000, who = alice): Promise<string> => {
    const { status, body } = await schedule(who, { delay_ms: delay, content: message(text) });
    expect(status, JSON.stringify(body)).to.equal(200);
    return body.delay_id;
  };
  const act = (id: string, action: string) => call('POST', at(`/_matrix/client/v1/delayed_events/${id}/${action}`));
  const look = async (id: string, who = alice): Promise<any> =>
    (await withToken(who, 'GET', `/_matrix/client/v1/delayed_events/${id}`)).body;
  const advance = async (ms: number) => {
    network.clock.advance(ms);
    await network.settle();
  };
  const topicOf = (of: string) => alice.ask('GET', `/rooms/${encodeURIComponent(of)}/state/m.room.topic/`);
  const said = async () => textsOf(await bob.history(room)).reverse();

  it('are sent when their time has come, and not before', async () => {
    const id = await later('late');
    await advance(9_999);
    expect(await said()).to.eql([]);
    expect(await look(id)).to.not.have.property('finalised');
    await advance(1);
    expect(await said()).to.eql(['late']);
    const { finalised, ...rest } = await look(id);
    expect(rest).to.eql({
      delay_id: id,
      room_id: room,
      type: 'm.room.message',
      content: message('late'),
      delay_ms: 10_000,
      delayed_since_ts: network.clock.now() - 10_000,
    });
    expect(finalised).to.have.keys('finalised_ts', 'event_id');
    expect((await look(id, bob)).errcode).to.equal('M_NOT_FOUND');
  });

  it('tell their sender, and nobody else, from which delay they came', async () => {
    const id = await later('mine');
    await advance(10_000);
    const other = await alice.login();
    for (const own of [await alice.view.untilMessage(room, 'mine'), await other.view.untilMessage(room, 'mine')]) {
      expect(own.unsigned).to.include({ delay_id: id, 'org.matrix.msc4140.delay_id': id });
    }
    const theirs = await bob.view.untilMessage(room, 'mine');
    expect(JSON.stringify(theirs)).to.not.contain(id);
  });

  it('are sent, cancelled and restarted by whoever knows the id, without a token', async () => {
    const [sent, cancelled, restarted] = [await later('at once'), await later('never'), await later('put off')];
    expect((await act(sent, 'send')).status).to.equal(200);
    expect((await act(cancelled, 'cancel')).status).to.equal(200);
    expect(await said()).to.eql(['at once']);
    await advance(8_000);
    expect((await act(restarted, 'restart')).status).to.equal(200);
    await advance(8_000);
    expect(await said()).to.eql(['at once']);
    await advance(2_000);
    expect(await said()).to.eql(['at once', 'put off']);
    expect((await look(cancelled)).finalised).to.have.all.keys('finalised_ts');
  });

  it('answer a repeated action as the first, and another one with a conflict', async () => {
    const [sent, cancelled] = [await later('one'), await later('two')];
    await act(sent, 'send');
    await act(cancelled, 'cancel');
    const answers = async (id: string) =>
      Promise.all(['send', 'cancel', 'restart'].map(async (action) => (await act(id, action)).status));
    expect(await answers(sent)).to.eql([200, 409, 409]);
    expect(await answers(cancelled)).to.eql([409, 200, 409]);
    expect((await act(sent, 'cancel')).body.errcode).to.equal('M_UNKNOWN');
    expect((await act('nothing', 'send')).body.errcode).to.equal('M_NOT_FOUND');
    expect((await act(sent, 'explode')).body.errcode).to.equal('M_INVALID_PARAM');
    expect(await said()).to.eql(['one']);
  });

  it('are scheduled once by a repeated request', async () => {
    const body = { delay_ms: 1_000, content: message('once') };
    const answers = await Promise.all([schedule(alice, body, 'same'), schedule(alice, body, 'same')]);
    expect(answers[0].body).to.eql(answers[1].body);
    await advance(1_000);
    expect((await schedule(alice, body, 'same')).body).to.eql(answers[0].body);
    await advance(2_000);
    expect(await said()).to.eql(['once']);
  });

  it('have limits, of which clients can learn', async () => {
    const { body: tooLong } = await schedule(alice, { delay_ms: 3_600_001, content: {} });
    expect(tooLong.errcode).to.equal('M_DELAY_TOO_LARGE');
    const path = `${UNSTABLE}/rooms/${room}/delayed_event/m.room.message/x`;
    const draft = await withToken(alice, 'PUT', path, { delay_ms: 3_600_001, content: {} });
    expect([draft.status, draft.body.errcode]).to.eql([400, 'ORG.MATRIX.MSC4140_DELAY_TOO_LARGE']);
    await later('1', 5_500);
    network.clock.advance(1_000);
    await later('2', 60_000);
    await later('3', 60_000);
    const refused = await schedule(alice, { delay_ms: 1_000, content: {} });
    expect([refused.status, refused.body.errcode]).to.eql([429, 'M_LIMIT_EXCEEDED']);
    expect(refused.headers.get('retry-after')).to.equal('5');
    await later('of another', 1_000, bob);
    await advance(4_500);
    await later('4');
    const { capabilities } = await alice.ask('GET', '/capabilities');
    const told = { max_delay_ms: 3_600_000, max_scheduled: 3 };
    expect(capabilities).to.deep.include({ 'm.delayed_events': told, 'org.matrix.msc4140.delayed_events': told });
    const { body: versions } = await call('GET', at('/_matrix/client/versions'));
    expect(versions.unstable_features).to.include({ 'org.matrix.msc4140': true, 'org.matrix.msc4140.stable': true });
  });

  it('need the right to be sent only when they are sent', async () => {
    const topic = async (who: Person, text: string) => {
      const path = `/rooms/${encodeURIComponent(room)}/delayed_event/m.room.topic/t${count++}`;
      const body = { delay_ms: 5_000, state_key: '', content: { topic: text } };
      return (await who.ask('PUT', path, body)).delay_id as string;
    };
    const refused = await topic(bob, 'by bob');
    const early = await act(refused, 'send');
    expect([early.status, early.body.errcode]).to.eql([403, 'M_FORBIDDEN']);
    expect(await look(refused, bob)).to.not.have.property('finalised');
    await advance(5_000);
    expect((await look(refused, bob)).finalised.error.errcode).to.equal('M_FORBIDDEN');
    expect((await act(refused, 'cancel')).status).to.equal(200);

    const gone = await later('from outside', 5_000, bob);
    await topic(alice, 'by alice');
    await bob.leave(room);
    await advance(5_000);
    expect((await look(gone, bob)).finalised.error.errcode).to.equal('M_FORBIDDEN');
    expect(await topicOf(room)).to.eql({ topic: 'by alice' });
  });

  it('of one room go out in the order in which they are due', async () => {
    await later('third', 3_000);
    await later('first', 1_000);
    await later('second', 2_000);
    await advance(60_000);
    expect(await said()).to.eql(['first', 'second', 'third']);
  });

  it('outlive the session that scheduled them, but not the account', async () => {
    const other = await alice.login();
    await later('from a lost phone', 5_000, other);
    await other.ask('POST', '/logout', {});
    await later('from a closed account', 5_000, bob);
    await bob.deactivate();
    await advance(5_000);
    expect(textsOf(await alice.history(room))).to.eql(['from a lost phone']);
  });

  it('are forgotten with the account, also when the server stops right when that is closed', async () => {
    await later('from a closed account', 5_000, bob);
    const server = network.server('a.test');
    await server.rows(sql`UPDATE accounts SET deactivated_at = 1 WHERE user_id = ${bob.userId}`);
    await advance(5_000);
    expect(await said()).to.eql([]);
    expect(await server.rows(sql`SELECT FROM delayed_events WHERE user_id = ${bob.userId}`)).to.eql([]);
  });

  describe('as drafts of the proposal had them', () => {
    it('are scheduled by the requests that send', async () => {
      const delay = 'org.matrix.msc4140.delay';
      const path = `/rooms/${encodeURIComponent(room)}`;
      const send = () => alice.ask('PUT', `${path}/send/m.room.message/d?${delay}=5000`, message('drafted'));
      const first = await send();
      expect(first).to.have.all.keys('delay_id');
      expect(await send()).to.eql(first);
      const state = await alice.ask('PUT', `${path}/state/m.room.topic/?${delay}=6000`, { topic: 'drafted' });
      const list = await withToken(alice, 'GET', `${UNSTABLE}/delayed_events`);
      expect(list.body.delayed_events.map((event: any) => [event.delay_id, event.delay, event.state_key])).to.eql([
        [first.delay_id, 5_000, undefined],
        [state.delay_id, 6_000, ''],
      ]);
      await advance(5_000);
      expect(await said()).to.eql(['drafted']);
      const over = await withToken(alice, 'GET', `${UNSTABLE}/delayed_events?status=finalised`);
      expect(over.body.finalised).to.have.length(1);
      expect(over.body.finalised[0]).to.include({ outcome: 'send', reason: 'delay' });
      await advance(1_000);
      expect(await topicOf(room)).to.eql({ topic: 'drafted' });
      const long = await alice.request('PUT', `${path}/send/m.room.message/e?${delay}=3600001`, {});
      expect([long.status, long.body]).to.deep.equal([
        400,
        {
          errcode: 'M_UNKNOWN',
          error: long.body.error,
          'org.matrix.msc4140.errcode': 'M_MAX_DELAY_EXCEEDED',
          'org.matrix.msc4140.max_delay': 3_600_000,
        },
      ]);
    });

    it('are managed by the body or by the path, with a token or without', async () => {
      const ids = [await later('1'), await later('2'), await later('3')] as const;
      const inBody = await withToken(alice, 'POST', `${UNSTABLE}/delayed_events/${ids[0]}`, { action: 'send' });
      const inPath = await call('POST', at(`${UNSTABLE}/delayed_events/${ids[1]}/send`), { body: {} });
      const wrong = await call('POST', at(`${UNSTABLE}/delayed_events/${ids[2]}`), { body: { action: 'explode' } });
      expect([inBody.status, inPath.status, wrong.status]).to.eql([200, 200, 400]);
      expect(await said()).to.eql(['1', '2']);
      const one = await withToken(alice, 'GET', `${UNSTABLE}/delayed_events/${ids[2]}`);
      expect(one.body).to.include({ delay_id: ids[2], delay: 10_000, running_since: one.body.delayed_since_ts });
      await act(ids[2], 'cancel');
    });
  });

  describe('survive', () => {
    const restart = async (whileDown: () => void = () => undefined) => {
      await network.stop('a.test');
      whileDown();
      await network.start('a.test');
      await network.settle();
    };

    it('a restart, after which those that are overdue are sent in order', async () => {
      await later('b', 20_000);
      await later('a', 10_000);
      const id = await later('c', 60_000);
      await restart(() => network.clock.advance(30_000));
      expect(await said()).to.eql(['a', 'b']);
      await act(id, 'restart');
      await advance(59_999);
      expect(await said()).to.have.length(2);
      await advance(1);
      expect(await said()).to.eql(['a', 'b', 'c']);
      await restart();
      expect((await look(id)).finalised.event_id).to.be.a('string');
      const own = await (await alice.login()).view.untilMessage(room, 'c');
      expect(own.unsigned.delay_id).to.equal(id);
    });

    it('a crash between sending and taking note of it: they are sent once', async () => {
      const ids = [await later('once'), await later('twice?')];
      const state = `/rooms/${encodeURIComponent(room)}/delayed_event/m.room.topic/crash`;
      const body = { delay_ms: 10_000, state_key: '', content: { topic: 'left' } };
      ids.push((await alice.ask('PUT', state, body)).delay_id);
      await advance(10_000);
      const before = await Promise.all(ids.map(async (id) => (await look(id)).finalised.event_id));
      const events = (await bob.history(room)).length;
      // What a crash leaves: the events and their transaction ids are durable, that the delays are over is not.
      const undo = sql`UPDATE delayed_events SET outcome = NULL, event_id = NULL, finalised_at = NULL WHERE delay_id = ANY(${ids})`;
      await network.server('a.test').rows(undo);
      await restart();
      expect((await bob.history(room)).length).to.equal(events);
      expect(await Promise.all(ids.map(async (id) => (await look(id)).finalised.event_id))).to.eql(before);
    });

    it('a week of being over, and no longer', async () => {
      const id = await later('old');
      await act(id, 'cancel');
      const trim = () => network.server('a.test').running.services.delaying.delayed.trim();
      network.clock.advance(7 * 24 * 3_600_000 - 1);
      await trim();
      expect(await look(id)).to.have.property('finalised');
      network.clock.advance(1);
      await trim();
      expect((await look(id)).errcode).to.equal('M_NOT_FOUND');
    });
  });
});
