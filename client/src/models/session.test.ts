import { expect } from 'chai';
import { memoryStorage } from '../platform/storage.ts';
import type { Gateway, Session } from '../sdk/gateway.ts';
import { ProblemError } from '../sdk/problem.ts';
import { fakeAccount } from '../testing/fake-account.ts';
import { sessionModel } from './session.ts';

const SESSION: Session = { baseUrl: 'https://a.org', userId: '@me:a.org', deviceId: 'D', accessToken: 'T' };

const setUp = () => {
  const fake = fakeAccount();
  const storage = memoryStorage();
  const opened: Session[] = [];
  const gateway = { open: (session: Session) => (opened.push(session), fake.account) } as unknown as Gateway;
  const model = () => sessionModel({ storage, gateway: async () => gateway });
  return { ...fake, storage, opened, model };
};

describe('a session', () => {
  it('comes back after a reload', async () => {
    const { model, opened } = setUp();
    await model().adopt(SESSION);
    const reloaded = model();
    await reloaded.resume();
    expect(reloaded.state.get().is).to.equal('signed-in');
    expect(opened).to.deep.equal([SESSION, SESSION]);
  });

  it('is not there for a newcomer, nor when what is stored makes no sense', async () => {
    for (const raw of [undefined, '{', 'null', '{"userId":"@me:a.org"}']) {
      const { model, storage } = setUp();
      if (raw !== undefined) storage.write('session', raw);
      const session = model();
      await session.resume();
      expect(session.state.get().is).to.equal('signed-out');
    }
  });

  it('ends on this device and on the server', async () => {
    const { model, calls, storage } = setUp();
    const session = model();
    await session.adopt(SESSION);
    await session.signOut();
    expect(calls).to.deep.equal(['log out', 'dispose']);
    expect(session.state.get()).to.deep.equal({ is: 'signed-out' });
    expect(storage.read('session')).to.equal(undefined);
  });

  it('ends here even when the server cannot be told, and says so', async () => {
    const { model, trouble, storage } = setUp();
    const session = model();
    await session.adopt(SESSION);
    trouble.next = new ProblemError({ code: 'offline' });
    await session.signOut();
    expect(session.state.get()).to.deep.equal({ is: 'signed-out', because: { code: 'logout-unconfirmed' } });
    expect(storage.read('session')).to.equal(undefined);
  });

  it('ends when the server revokes it', async () => {
    const { model, isRevoked } = setUp();
    const session = model();
    await session.adopt(SESSION);
    isRevoked.set(true);
    expect(session.state.get()).to.deep.equal({ is: 'signed-out', because: { code: 'revoked' } });
  });

  it('is kept when the program cannot be fetched, for another try', async () => {
    const { storage, account } = setUp();
    storage.write('session', JSON.stringify(SESSION));
    let tries = 0;
    const model = sessionModel({
      storage,
      gateway: async () => {
        tries += 1;
        if (tries === 1) throw new ProblemError({ code: 'offline' });
        return { open: () => account } as unknown as Gateway;
      },
    });
    await model.resume();
    expect(model.state.get()).to.deep.equal({ is: 'stuck', problem: { code: 'offline' } });
    await model.resume();
    expect(model.state.get().is).to.equal('signed-in');
  });
});
