import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { HungUpError } from '../../http/body.ts';
import { LongAnswers } from './long-answers.sync.ts';

const userOf = (n: number) => ({ userId: UserId.parse(`@user${n}:a.test`) });

describe('long answers', () => {
  it('are made a few at a time, short ones meanwhile, and not for who has gone', async () => {
    const long = new LongAnswers();
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const gone = new Set<number>();
    const make = (rooms: number) =>
      long.make(rooms, { viewer: userOf(rooms), isGone: () => gone.has(rooms) }, async () => {
        begun.push(rooms);
        await gate.promise;
        return rooms;
      });
    const answers = [...Array.from({ length: 8 }, (_, i) => make(21 + i)), make(20), make(1)];
    await setImmediate();
    expect(begun).to.eql([21, 22, 23, 24, 25, 26, 20, 1]);
    gone.add(27);
    gate.resolve();
    const made = await Promise.allSettled(answers);
    const failed = made.flatMap((one, i) => (one.status === 'rejected' ? [[i, one.reason] as const] : []));
    expect(failed).to.have.length(1);
    expect(failed[0]![0]).to.equal(6);
    expect(failed[0]![1]).to.be.instanceOf(HungUpError);
    expect(begun.slice(8)).to.eql([28]);
  });

  it('are made one at a time for each user, whoever asks how often', async () => {
    const long = new LongAnswers();
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const begun: number[] = [];
    const isGone = () => false;
    const make = (user: number, answer: number, rooms = 100) =>
      long.make(rooms, { viewer: userOf(user), isGone }, async () => {
        begun.push(answer);
        await gates[answer]?.promise;
      });
    const greedy = [make(1, 0), make(1, 1), ...Array.from({ length: 20 }, () => make(1, 9))];
    const other = make(2, 2);
    const short = make(1, 3, 5);
    await setImmediate();
    expect(begun).to.eql([0, 2, 3]);
    gates[0]?.reject(new Error('expected: it fails'));
    await greedy[0]?.catch(() => undefined);
    await setImmediate();
    expect(begun).to.eql([0, 2, 3, 1]);
    for (const gate of gates) gate.resolve();
    await Promise.all([...greedy.slice(1), other, short]);
    expect(begun).to.have.length(24);
  });

  it('are made for who asks again where they stood before', async () => {
    const long = new LongAnswers();
    const [first, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const begun: string[] = [];
    const make = (user: number, what: string, isGone = false) =>
      long.make(100, { viewer: userOf(user), isGone: () => isGone }, async () => {
        begun.push(what);
        await (user === 0 ? first : rest).promise;
      });
    const others = Array.from({ length: 6 }, (_, n) => make(n, 'one of many'));
    const lost = make(10, 'of no use', true).catch((error: unknown) => error);
    const answers = [make(11, 'of who came later'), make(10, 'asked for again')];
    first.resolve();
    expect(await lost).to.be.instanceOf(HungUpError);
    await setImmediate();
    expect(begun.slice(6)).to.eql(['asked for again']);
    rest.resolve();
    await Promise.all([...others, ...answers]);
    expect(begun.slice(6)).to.eql(['asked for again', 'of who came later']);
  });
});
