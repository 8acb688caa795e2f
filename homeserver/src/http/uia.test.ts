import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { seededEntropy } from '../testing/seeded-entropy.ts';
import { type AuthData, type AuthRequest, AuthNeededError, UserInteractiveAuth } from './uia.ts';

describe('user-interactive authentication', () => {
  let clock: ManualClock;
  let uia: UserInteractiveAuth;
  beforeEach(() => {
    clock = new ManualClock();
    uia = new UserInteractiveAuth(clock, seededEntropy('uia'));
  });

  const ask = async (auth: AuthData | undefined, more: Partial<AuthRequest> = {}): Promise<Record<string, unknown>> => {
    const check: AuthRequest['check'] = (_, { password }) =>
      Promise.resolve(password === 'wrong' ? { allowed: false, reason: 'wrong password' } : { allowed: true });
    try {
      const request = {
        purpose: 'delete',
        auth,
        flows: [
          ['a', 'b'],
          ['a', 'c'],
        ],
        check,
        ...more,
      };
      return { passed: Object.fromEntries(await uia.complete(request)) };
    } catch (error) {
      if (error instanceof AuthNeededError) return { status: error.status, ...error.toJSON() };
      throw error;
    }
  };
  const flows = [{ stages: ['a', 'b'] }, { stages: ['a', 'c'] }];
  const begin = async () => (await ask(undefined))['session'] as string;

  it('asks first, without calling it an error', async () => {
    const answer = await ask(undefined, { params: { a: { key: 1 } } });
    expect(answer).to.have.keys('status', 'flows', 'params', 'session');
    expect(answer).to.deep.include({ status: 401, flows, params: { a: { key: 1 } } });
  });

  it('collects the stages of a flow', async () => {
    const session = await begin();
    const half = await ask({ type: 'a', session });
    expect(half).to.deep.include({ status: 401, session, completed: ['a'] });
    expect(half).not.to.have.property('errcode');
    const { passed } = await ask({ type: 'c', session, detail: 1 });
    expect(passed).to.eql({ a: { type: 'a', session }, c: { type: 'c', session, detail: 1 } });
    expect(uia.size).to.equal(0);
  });

  it('says what went wrong, and lets try again', async () => {
    const session = await begin();
    const failed = await ask({ type: 'a', session, password: 'wrong' });
    expect(failed).to.deep.include({ status: 401, errcode: 'M_FORBIDDEN', error: 'wrong password', session, flows });
    expect(await ask({ type: 'a', session })).to.deep.include({ completed: ['a'] });
    expect(await ask({ type: 'z', session })).to.deep.include({ errcode: 'M_UNRECOGNIZED', completed: ['a'] });
  });

  it('takes a session for one purpose, once, for a while', async () => {
    const single = { flows: [['a']] };
    const session = await begin();
    const elsewhere = await ask({ session }, { ...single, purpose: 'deactivate' });
    expect(elsewhere['session']).not.to.equal(session);
    expect(await ask({ type: 'a', session }, single)).to.have.property('passed');
    expect(await ask({ session }, single)).to.include({ status: 401 });
    const late = await begin();
    await ask({ type: 'a', session: late });
    clock.advance(16 * 60_000);
    expect(await ask({ session: late })).not.to.have.property('completed');
  });

  it('accepts a first attempt without a session, and an empty flow only with auth', async () => {
    expect(await ask({ type: 'a' }, { flows: [['a']] })).to.have.property('passed');
    expect(await ask(undefined, { flows: [[]] })).to.include({ status: 401 });
    expect(await ask({}, { flows: [[]] })).to.have.property('passed');
  });

  it('keeps a bounded number of sessions', async () => {
    for (let n = 0; n < 10_050; n++) await ask(undefined);
    expect(uia.size).to.equal(10_000);
    clock.advance(16 * 60_000);
    await ask(undefined);
    expect(uia.size).to.equal(1);
  });
});
