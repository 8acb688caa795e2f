import { expect } from 'chai';
import type { Gateway, NewAccount, Session } from '../sdk/gateway.ts';
import { ProblemError } from '../sdk/problem.ts';
import { signInModel } from './sign-in.ts';
import { signUpModel } from './sign-up.ts';

const SESSION: Session = { baseUrl: 'b', userId: '@me:a.org', deviceId: 'D', accessToken: 'T' };

const setUp = (register: (account: NewAccount) => Session = () => SESSION) => {
  const discovered: string[] = [];
  const adopted: Session[] = [];
  const accounts: NewAccount[] = [];
  const gateway: Gateway = {
    discover: async (typed) => {
      discovered.push(typed);
      return `base of ${typed}`;
    },
    logIn: async (baseUrl) => ({ ...SESSION, baseUrl }),
    register: async (_base, account) => {
      accounts.push(account);
      return register(account);
    },
    isTokenValid: async (_base, token) => token === 'good',
    open: () => {
      throw new Error('not here');
    },
  };
  const needs = {
    gateway: async () => gateway,
    session: { adopt: async (session: Session) => void adopted.push(session) },
    origin: 'http://home.org:8008',
  };
  return { signIn: signInModel(needs), signUp: signUpModel(needs), discovered, adopted, accounts };
};

describe('signing in', () => {
  const servers: readonly [string, string, string][] = [
    ['the server of the page', 'home.org:8008', 'http://home.org:8008'],
    ['the server of the page when nothing is typed', ' ', 'http://home.org:8008'],
    ['another server', 'other.org', 'other.org'],
  ];
  for (const [name, homeserver, expected] of servers)
    it(`asks ${name}`, async () => {
      const { signIn, discovered, adopted } = setUp();
      expect(await signIn.submit.run({ username: 'me', password: 'p', homeserver })).to.equal(true);
      expect(discovered).to.deep.equal([expected]);
      expect(adopted[0]?.baseUrl).to.equal(`base of ${expected}`);
    });

  it('goes to the server that a full user id names, unless one was typed', async () => {
    const { signIn, discovered } = setUp();
    await signIn.submit.run({ username: '@me:far.org', password: 'p', homeserver: 'home.org:8008' });
    await signIn.submit.run({ username: '@me:far.org', password: 'p', homeserver: 'other.org' });
    expect(discovered).to.deep.equal(['far.org', 'other.org']);
  });

  it('asks for what is missing before it asks the server', async () => {
    const { signIn, discovered } = setUp();
    await signIn.submit.run({ username: ' ', password: 'p', homeserver: '' });
    expect(signIn.submit.state.get().problem?.code).to.equal('missing-username');
    await signIn.submit.run({ username: 'me', password: '', homeserver: '' });
    expect(signIn.submit.state.get().problem?.code).to.equal('missing-password');
    expect(discovered).to.deep.equal([]);
  });
});

describe('signing up', () => {
  const form = { username: 'me', password: 'p', repeated: 'p', homeserver: '', token: '' };

  it('wants the same password twice', async () => {
    const { signUp, accounts } = setUp();
    await signUp.submit.run({ ...form, repeated: 'q' });
    expect(signUp.submit.state.get().problem?.code).to.equal('passwords-differ');
    expect(accounts).to.deep.equal([]);
  });

  it('asks for a token once the server wants one, and sends it then', async () => {
    const { signUp, accounts } = setUp(({ token }) => {
      if (token === undefined) throw new ProblemError({ code: 'needs-token' });
      return SESSION;
    });
    await signUp.submit.run(form);
    expect(signUp.token.get()).to.equal('asked');
    await signUp.submit.run(form);
    expect(signUp.submit.state.get().problem?.code).to.equal('missing-token');
    expect(await signUp.submit.run({ ...form, token: ' t0 ' })).to.equal(true);
    expect(accounts.at(-1)).to.deep.equal({ username: 'me', password: 'p', token: 't0' });
  });

  it('looks whether the token of a link still works', async () => {
    const { signUp } = setUp();
    await signUp.check('good');
    expect(signUp.token.get()).to.equal('valid');
    await signUp.check('old');
    expect(signUp.token.get()).to.equal('spent');
  });
});
