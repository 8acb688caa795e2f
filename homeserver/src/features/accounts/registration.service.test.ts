import { MatrixError } from '@holm/spec/errors';
import { expect } from 'chai';
import { createTestAccounts } from '../../testing/accounts.ts';
import { createTestDatabase } from '../../testing/database.ts';
import type { RegistrationSettings } from './index.ts';

const CLOSED: RegistrationSettings = { open: false, tokens: [] };

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof MatrixError) return error.errcode;
    throw error;
  }
  return 'accepted';
};

describe('who may register', () => {
  it('by the sign-up link: once, and as administrator', async () => {
    await using database = await createTestDatabase();
    const { accounts, registration } = createTestAccounts(database.db, CLOSED);
    expect(await refusal(registration.flows())).to.equal('M_FORBIDDEN');
    const token = (await registration.signUpToken())!;
    expect(await registration.signUpToken()).to.equal(token);
    expect(await registration.flows()).to.eql([['m.login.registration_token']]);
    expect(await registration.isUsable(token)).to.equal(true);
    expect(await registration.isUsable('a\0b')).to.equal(false);
    const wishes = ['first', 'second'].map((username) => ({ username, password: 'long enough', token }));
    const outcomes = await Promise.all(wishes.map((wish) => refusal(registration.register(wish))));
    expect([...outcomes].sort()).to.eql(['M_FORBIDDEN', 'accepted']);
    const winner = accounts.userIdFor(wishes[outcomes.indexOf('accepted')]!.username);
    expect(await accounts.isAdmin(winner)).to.equal(true);
    expect(await registration.signUpToken()).to.equal(undefined);
    expect(await refusal(registration.flows())).to.equal('M_FORBIDDEN');
  });

  it('the link is withdrawn when an administrator comes about otherwise, and survives a stranger', async () => {
    await using database = await createTestDatabase();
    const { accounts, registration } = createTestAccounts(database.db);
    const token = (await registration.signUpToken())!;
    expect(await registration.flows()).to.eql([['m.login.dummy'], ['m.login.registration_token']]);
    const stranger = await accounts.createUser({ name: 'stranger', password: 'long enough' });
    expect(await registration.signUpToken()).to.equal(token);
    await accounts.makeAdmin(stranger);
    expect(await registration.isUsable(token)).to.equal(false);
    expect(await registration.signUpToken()).to.equal(undefined);
    expect(await registration.flows()).to.eql([['m.login.dummy']]);
  });

  it('by tokens, as often and as long as they say', async () => {
    await using database = await createTestDatabase();
    const { clock, registration } = createTestAccounts(database.db, CLOSED);
    expect(await refusal(registration.flows())).to.equal('M_FORBIDDEN');
    const twice = await registration.issueToken({ usesAllowed: 2, expiresAt: null });
    const join = (username: string) =>
      refusal(registration.register({ username, password: 'long enough', token: twice }));
    expect([await join('one'), await join('two'), await join('three')]).to.eql(['accepted', 'accepted', 'M_FORBIDDEN']);
    const brief = await registration.issueToken({
      usesAllowed: null,
      expiresAt: (clock.now() + 1000) as ReturnType<typeof clock.now>,
    });
    expect(await registration.isUsable(brief)).to.equal(true);
    clock.advance(1000);
    expect(await registration.isUsable(brief)).to.equal(false);
    expect(await refusal(registration.flows())).to.equal('M_FORBIDDEN');
  });

  it('by tokens of the configuration, any number', async () => {
    await using database = await createTestDatabase();
    const { accounts, registration } = createTestAccounts(database.db, { open: false, tokens: ['family'] });
    expect(await registration.flows()).to.eql([['m.login.registration_token']]);
    expect(await registration.isUsable('family')).to.equal(true);
    expect(await registration.isUsable('famil')).to.equal(false);
    for (const username of ['one', 'two']) {
      const { userId } = await registration.register({ username, password: 'long enough', token: 'family' });
      expect(await accounts.isAdmin(userId)).to.equal(false);
    }
  });
});
