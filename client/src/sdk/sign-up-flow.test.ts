import { expect } from 'chai';
import { ProblemError } from './problem.ts';
import { nextAuth, type AuthDemand } from './sign-up-flow.ts';

const demand = (flows: string[][], completed: string[] = []): AuthDemand => ({
  session: 's1',
  flows: flows.map((stages) => ({ stages })),
  completed,
});

const problemOfNext = (...args: Parameters<typeof nextAuth>): string => {
  try {
    nextAuth(...args);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
  return 'none';
};

describe('the stages of signing up', () => {
  it('takes the dummy stage', () => {
    expect(nextAuth(demand([['m.login.dummy']]), undefined)).to.deep.equal({ type: 'm.login.dummy', session: 's1' });
  });

  it('prefers the token to the open door when there is one', () => {
    const flows = [['m.login.dummy'], ['m.login.registration_token']];
    expect(nextAuth(demand(flows), 't0')).to.deep.equal({
      type: 'm.login.registration_token',
      session: 's1',
      token: 't0',
    });
  });

  it('goes on with the stage that is still missing', () => {
    const flows = [['m.login.registration_token', 'm.login.dummy']];
    expect(nextAuth(demand(flows, ['m.login.registration_token']), 't0')['type']).to.equal('m.login.dummy');
  });

  it('asks for a token where only a token would do', () => {
    expect(problemOfNext(demand([['m.login.registration_token']]), undefined)).to.equal('needs-token');
  });

  it('says when no flow is one of ours, or when the server goes in circles', () => {
    expect(problemOfNext(demand([['m.login.recaptcha']]), 't0')).to.equal('unsupported-sign-up');
    expect(problemOfNext(demand([['m.login.dummy']], ['m.login.dummy']), undefined)).to.equal('unsupported-sign-up');
  });
});
