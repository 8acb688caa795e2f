import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { canonicalJson } from '../../core/json/canonical.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { Inbox } from './inbox.ts';
import type { EduListener, PduReceiver } from './received.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');

const setUp = (receive: PduReceiver['receive'], eduListeners: readonly EduListener[] = []) => {
  const clock = new ManualClock();
  const background = new Background(silentLog);
  const metrics = new Metrics();
  return {
    clock,
    background,
    metrics,
    inbox: new Inbox({ receiver: { receive }, eduListeners, background, clock, log: silentLog, metrics }),
  };
};

const accept: PduReceiver['receive'] = (_, __, pdus) =>
  Promise.resolve(new Map(pdus.map(({ id }) => [`$${id as string}`, {}])));

const transaction = (pdus: readonly unknown[], edus: readonly unknown[] = []): string => JSON.stringify({ pdus, edus });
const inRoom = (room: string, id: string) => ({ room_id: room, id });
const outcomeOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('the inbox', () => {
  it('hands over each room in its order, and answers for every event', async () => {
    const calls: unknown[] = [];
    const { inbox } = setUp((origin, roomId, pdus) => {
      calls.push([origin, roomId, pdus.map(({ id }) => id)]);
      const result = roomId === '!b' ? { error: 'no' } : {};
      return Promise.resolve(new Map(pdus.map(({ id }) => [`$${id as string}`, result])));
    });
    const pdus = [inRoom('!a', '1'), inRoom('!b', '2'), inRoom('!a', '3'), { id: '4' }, 5, null, { room_id: 'x' }];
    expect(await inbox.receive(A, 't', transaction(pdus))).to.eql({
      pdus: { $1: {}, $2: { error: 'no' }, $3: {}, $4: {} },
    });
    expect(calls).to.eql([
      [A, '!a', ['1', '3']],
      [A, '!b', ['2']],
      [A, undefined, ['4']],
    ]);
  });

  it('processes a transaction once, however often it comes, per server', async () => {
    let calls = 0;
    const { inbox } = setUp((...args) => {
      calls++;
      return accept(...args);
    });
    const text = transaction([inRoom('!a', '1')]);
    const answers = await Promise.all([inbox.receive(A, 't', text), inbox.receive(A, 't', text)]);
    answers.push(await inbox.receive(A, 't', text));
    expect(answers).to.eql(Array(3).fill({ pdus: { $1: {} } }));
    expect(calls).to.equal(1);
    await inbox.receive(B, 't', text);
    await inbox.receive(A, 'u', text);
    expect(calls).to.equal(3);
  });

  it('refuses what is larger than a transaction may be', async () => {
    const { inbox } = setUp(accept);
    const many = (count: number) => Array.from({ length: count }, () => inRoom('!a', '1'));
    const edus = (count: number) => Array.from({ length: count }, () => ({ edu_type: 'x', content: {} }));
    await inbox.receive(A, '1', transaction(many(50), edus(100)));
    for (const text of [transaction(many(51)), transaction([], edus(101))]) {
      expect(await outcomeOf(inbox.receive(A, '2', text))).to.include({ errcode: 'M_INVALID_PARAM', status: 400 });
    }
  });

  it('keeps how numbers were written, so that one odd event does not cost the others', async () => {
    const seen: JsonObject[] = [];
    const { inbox } = setUp((_, __, pdus) => {
      seen.push(...pdus);
      return Promise.resolve(new Map());
    });
    await inbox.receive(A, 't', '{"pdus":[{"room_id":"!a","n":1.0},{"room_id":"!a","n":1}]}');
    expect(seen.map((pdu) => canonicalJson(pdu, 'lenient'))).to.eql([
      '{"n":1.0,"room_id":"!a"}',
      '{"n":1,"room_id":"!a"}',
    ]);
  });

  it('asks for a transaction again when it fails, but not for ever', async () => {
    let failures = 0;
    const { inbox } = setUp((origin, roomId, pdus) => {
      if (roomId !== '!bad') return accept(origin, roomId, pdus);
      failures++;
      return Promise.reject(new Error('expected'));
    });
    const text = transaction([inRoom('!bad', '1'), inRoom('!a', '2')]);
    expect(await outcomeOf(inbox.receive(A, 't', text))).to.be.instanceOf(Error);
    expect(await outcomeOf(inbox.receive(A, 't', text))).to.be.instanceOf(Error);
    expect(await inbox.receive(A, 't', text)).to.eql({ pdus: { $2: {} } });
    expect(failures).to.equal(3);
  });

  it('answers in time in spite of a slow room, which goes on behind the answer', async () => {
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    let finished = false;
    const { inbox, clock, background } = setUp(async (origin, roomId, pdus) => {
      if (roomId === '!slow') {
        started.resolve();
        await gate.promise;
        finished = true;
      }
      return accept(origin, roomId, pdus);
    });
    const answer = inbox.receive(A, 't', transaction([inRoom('!a', '1'), inRoom('!slow', '2')]));
    await started.promise;
    clock.advance(40_000);
    expect(await answer).to.eql({ pdus: { $1: {} } });
    expect(finished).to.equal(false);
    gate.resolve();
    await background.idle();
    expect(finished).to.equal(true);
  });

  it('takes the transactions of one server one by one, and no more than a few', async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const { inbox } = setUp(async (...args) => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return accept(...args);
    });
    const send = (origin: ServerName, txnId: string) => inbox.receive(origin, txnId, transaction([inRoom('!a', '1')]));
    const sent = Array.from({ length: 10 }, (_, index) => send(A, String(index)));
    expect(await outcomeOf(send(A, 'one too many'))).to.include({ errcode: 'M_LIMIT_EXCEEDED' });
    const other = send(B, 'x');
    gate.resolve();
    await Promise.all([...sent, other]);
    expect(most).to.equal(2); // one of each server
    expect(await send(A, 'one too many')).to.eql({ pdus: { $1: {} } });
  });

  it('hands ephemeral messages to those who want them, in order, and survives bad ones', async () => {
    const seen: unknown[] = [];
    const listener = (eduType: string): EduListener => ({
      eduType,
      receive: (origin, content) => {
        if (content['fail'] === true) return Promise.reject(new Error('expected'));
        seen.push([eduType, origin, content['n']]);
        return Promise.resolve();
      },
    });
    const { inbox } = setUp(accept, [listener('m.typing'), listener('m.receipt')]);
    const edus = [
      { edu_type: 'm.typing', content: { n: 1 } },
      { edu_type: 'm.typing', content: { fail: true } },
      { edu_type: 'm.unknown', content: {} },
      { edu_type: 'm.receipt' },
      'nonsense',
      { edu_type: 'm.receipt', content: { n: 2 } },
      { edu_type: 'm.typing', content: { n: 3 } },
    ];
    expect(await inbox.receive(A, 't', transaction([], edus))).to.eql({ pdus: {} });
    expect(seen).to.eql([
      ['m.typing', A, 1],
      ['m.receipt', A, 2],
      ['m.typing', A, 3],
    ]);
  });

  it('asks again for messages that must not be lost, but not for ever, and not for others', async () => {
    const calls: string[] = [];
    const failing = (eduType: string): EduListener => ({
      eduType,
      receive: () => {
        calls.push(eduType);
        return Promise.reject(new Error('the database is away'));
      },
    });
    const { inbox } = setUp(accept, [{ ...failing('kept'), isKept: true }, failing('loose')]);
    const edu = (type: string) => ({ edu_type: type, content: {} });
    const text = transaction([], [edu('loose'), edu('kept')]);
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await outcomeOf(inbox.receive(A, 't', text)));
    expect(answers.map((answer) => answer instanceof Error)).to.eql([true, true, false]);
    expect(calls).to.eql(['loose', 'kept', 'loose', 'kept', 'loose', 'kept']);
    expect(await inbox.receive(A, 'u', transaction([], [edu('loose')]))).to.eql({ pdus: {} });
  });

  it('refuses what is not JSON between servers', async () => {
    const { inbox } = setUp(accept);
    const deep = `{"pdus":[${'['.repeat(2_000)}${']'.repeat(2_000)}]}`;
    for (const text of ['{', deep]) {
      expect(await outcomeOf(inbox.receive(A, 't', text))).to.include({ errcode: 'M_BAD_JSON' });
    }
    expect(await inbox.receive(A, 't', '{}')).to.eql({ pdus: {} });
  });
});
