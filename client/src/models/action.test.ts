import { expect } from 'chai';
import { ProblemError } from '../sdk/problem.ts';
import { action } from './action.ts';

describe('an action', () => {
  it('is busy while it runs, and runs once at a time', async () => {
    const gate = Promise.withResolvers<undefined>();
    let runs = 0;
    const work = action(async () => {
      runs += 1;
      await gate.promise;
    });
    const first = work.run();
    expect(work.state.get()).to.deep.equal({ isBusy: true, problem: undefined });
    expect(await work.run()).to.equal(false);
    gate.resolve(undefined);
    expect(await first).to.equal(true);
    expect(runs).to.equal(1);
    expect(work.state.get().isBusy).to.equal(false);
  });

  it('keeps what went wrong until the next try', async () => {
    const outcomes = [new ProblemError({ code: 'offline' }), undefined];
    const work = action(async () => {
      const outcome = outcomes.shift();
      if (outcome) throw outcome;
    });
    expect(await work.run()).to.equal(false);
    expect(work.state.get().problem).to.deep.equal({ code: 'offline' });
    expect(await work.run()).to.equal(true);
    expect(work.state.get().problem).to.equal(undefined);
  });

  it('takes an error that is no problem for a bug of ours', async () => {
    const work = action(async () => {
      throw new TypeError('x is undefined');
    });
    await work.run();
    expect(work.state.get().problem).to.deep.equal({ code: 'internal', detail: 'x is undefined' });
    work.reset();
    expect(work.state.get().problem).to.equal(undefined);
  });
});
