import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { HungUpError } from '../../http/body.ts';
import { LongAnswers } from './long-answers.sync.ts';

describe('long answers', () => {
  it('are made a few at a time, short ones meanwhile, and not for who has gone', async () => {
    const long = new LongAnswers();
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const gone = new Set<number>();
    const make = (rooms: number) =>
      long.make(rooms, { isGone: () => gone.has(rooms) }, async () => {
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
});
