import { expect } from 'chai';
import { Effort, wordsIn } from './pattern.ts';

describe('words in a long text', () => {
  it('are found, however many others are looked for', () => {
    const effort = new Effort();
    const text = `${'xtra '.repeat(10_000)}cake`;
    for (let i = 0; i < 1000; i++) expect(wordsIn(`x${i}`)(text, effort)).to.equal(false);
    expect(wordsIn('cake')(text, effort)).to.equal(true);
    expect(effort.left).to.be.above(1_000_000);
  });
});
