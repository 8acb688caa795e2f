import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { LongAnswers } from './long-answers.ts';

describe('long answers', () => {
  it('are made a few at a time, and short ones meanwhile', async () => {
    const long = new LongAnswers();
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const make = (rooms: number) =>
      long.make(rooms, async () => {
        begun.push(rooms);
        await gate.promise;
        return rooms;
      });
    const answers = [...Array.from({ length: 8 }, (_, i) => make(21 + i)), make(20), make(1)];
    await setImmediate();
    expect(begun).to.eql([21, 22, 23, 24, 25, 26, 20, 1]);
    gate.resolve();
    expect(await Promise.all(answers)).to.eql([21, 22, 23, 24, 25, 26, 27, 28, 20, 1]);
  });
});
