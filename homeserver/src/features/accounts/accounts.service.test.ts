import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';
import type { Sql } from '../../storage/sql.ts';
import { createTestAccounts } from '../../testing/accounts.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { Accounts, Passwords, Sessions, type SessionsEnded, SharedSecretRegistration } from './index.ts';

const origin = { address: '10.0.0.1', userAgent: 'test\0agent' };

const build = ({ db }: TestDatabase) => {
  const house = createTestAccounts(db);
  const ended: SessionsEnded[] = [];
  house.sessions.onSessionsEnd((what) => ended.push(what));
  return { ...house, ended, db };
};

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof MatrixError) return error.errcode;
    throw error;
  }
  return 'accepted';
};

describe('accounts on a database', () => {
  let database: TestDatabase;
  let house: ReturnType<typeof build>;
  let names = 0;

  before(async () => {
    database = await createTestDatabase();
    house = build(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const signUp = async (deviceId?: string) => {
    const username = `user${++names}`;
    const { userId, session } = await house.registration.register({ username, password: 'old password', deviceId });
    return { userId, username, session: session! };
  };
  const logIn = (user: string, password = 'old password', deviceId?: string) =>
    house.accounts.logIn({ user, password, deviceId, displayName: 'a device' });

  describe('registering', () => {
    it('gives an account with a session that authenticates', async () => {
      const { userId, session } = await signUp('PHONE');
      expect(await house.sessions.authenticate(session.accessToken)).to.deep.include({ userId, deviceId: 'PHONE' });
    });

    it('refuses what is taken, malformed or weak', async () => {
      const { username } = await signUp();
      const attempts = [
        { username, password: 'long enough' },
        { username: username.toUpperCase(), password: 'long enough' },
        { username: 'not valid', password: 'long enough' },
        { username: 'fine', password: 'short' },
      ];
      const refusals = await Promise.all(
        attempts.map(async (wish) => [
          await refusal(house.registration.assertPossible(wish)),
          await refusal(house.registration.register(wish)),
        ]),
      );
      expect(refusals).to.eql([
        ['M_USER_IN_USE', 'M_USER_IN_USE'],
        ['M_USER_IN_USE', 'M_USER_IN_USE'],
        ['M_INVALID_USERNAME', 'M_INVALID_USERNAME'],
        ['M_WEAK_PASSWORD', 'M_WEAK_PASSWORD'],
      ]);
      expect(await refusal(house.registration.register({ username: 'nobody' }))).to.equal('M_MISSING_PARAM');
    });

    it('lets one of two win who want the same name at once', async () => {
      const wish = { username: 'wanted', password: 'long enough' };
      const outcomes = await Promise.all([1, 2].map(() => refusal(house.registration.register(wish))));
      expect(outcomes.sort()).to.eql(['M_USER_IN_USE', 'accepted']);
    });

    it('chooses a name for those who bring none, and logs nobody in who does not want it', async () => {
      const made = await house.registration.register({ password: 'long enough', inhibitLogin: true });
      expect(made.userId).to.match(/^@[0-9a-f]{16}:a\.test$/);
      expect(made.session).to.equal(undefined);
    });
  });

  describe('logging in', () => {
    it('takes localpart and full id, and tells name from password for nobody', async () => {
      const { userId, username } = await signUp();
      expect((await logIn(username)).userId).to.equal(userId);
      expect((await logIn(userId)).userId).to.equal(userId);
      const wrong = [logIn(username, 'new password'), logIn('nobody-here'), logIn(`@${username}:b.test`), logIn('@@')];
      const errors = await Promise.all(wrong.map((attempt) => attempt.catch((error: unknown) => error)));
      expect(new Set(errors.map((error) => JSON.stringify(error))).size).to.equal(1);
      expect(errors[0]).to.deep.include({ errcode: 'M_FORBIDDEN', status: 403 });
    });

    it('ends the earlier token of a device that is used again, and keeps its name', async () => {
      const { userId, session } = await signUp('LAPTOP');
      await house.sessions.authenticate(session.accessToken);
      const first = await logIn(userId, undefined, 'TABLET');
      const before = await house.sessions.authenticate(first.accessToken);
      house.ended.length = 0;
      const again = await house.accounts.logIn({
        user: userId,
        password: 'old password',
        deviceId: 'TABLET',
        displayName: 'another name',
      });
      expect(await refusal(house.sessions.authenticate(first.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(await refusal(house.sessions.authenticate(again.accessToken))).to.equal('accepted');
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('accepted');
      expect(house.ended).to.eql([{ userId, deviceIds: [], tokenIds: [before.tokenId] }]);
      const names = (await house.sessions.devices(userId)).map(({ displayName }) => displayName);
      expect(names).to.have.members([null, 'a device']);
    });

    it('renews a hash that was made at another cost', async () => {
      const { userId, username } = await signUp();
      const passwords = new Passwords({ cost: 5, minimumLength: 8 }, seededEntropy('dearer'));
      const { db, clock, serverName, sessions } = house;
      const dearer = new Accounts({
        db,
        clock,
        log: silentLog,
        metrics: new Metrics(),
        serverName,
        passwords,
        sessions,
      });
      await dearer.logIn({ user: username, password: 'old password' });
      const rows = await db.rows<{ hash: string }>({
        text: 'SELECT password_hash AS hash FROM accounts WHERE user_id = $1',
        values: [userId],
      });
      expect(rows[0]?.hash).to.match(/^\$scrypt\$ln=5,/);
      expect(await refusal(logIn(username))).to.equal('accepted');
    });
  });

  describe('tokens', () => {
    it('are asked for, and refused when made up', async () => {
      expect(await refusal(house.sessions.authenticate(undefined))).to.equal('M_MISSING_TOKEN');
      expect(await refusal(house.sessions.authenticate(''))).to.equal('M_MISSING_TOKEN');
      expect(await refusal(house.sessions.authenticate('hlm_guess'))).to.equal('M_UNKNOWN_TOKEN');
    });

    it('end at once with their session, also where they were remembered', async () => {
      const { userId, session } = await signUp('ONE');
      const other = await logIn(userId, undefined, 'TWO');
      const { tokenId } = await house.sessions.authenticate(session.accessToken);
      await house.sessions.authenticate(other.accessToken);
      house.ended.length = 0;
      await house.sessions.end(userId, [session.deviceId]);
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(await refusal(house.sessions.authenticate(other.accessToken))).to.equal('accepted');
      expect(house.ended).to.eql([{ userId, deviceIds: ['ONE'], tokenIds: [tokenId] }]);
      await house.sessions.endAll(userId);
      expect(await refusal(house.sessions.authenticate(other.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(await house.sessions.devices(userId)).to.eql([]);
    });

    it('are not remembered by a question that was under way while they ended', async () => {
      const { userId, session } = await signUp();
      const asked = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const { db, clock, entropy } = house;
      /** The same database, whose single statements answer only once the gate is open. */
      const slow = new Proxy(db, {
        get(target, key) {
          if (key === 'rows') {
            return async (statement: Sql) => {
              const rows = await target.rows(statement);
              asked.resolve();
              await gate.promise;
              return rows;
            };
          }
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      const sessions = new Sessions({ db: slow, clock, entropy });
      const answer = sessions.authenticate(session.accessToken);
      await asked.promise;
      await sessions.end(userId, [session.deviceId]);
      gate.resolve();
      expect((await answer).userId).to.equal(userId); // it was true when it was asked
      expect(await refusal(sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
    });

    it('that another process ended are believed for seconds only, and whoever listens is told', async () => {
      const { userId, session } = await signUp();
      const { tokenId } = await house.sessions.authenticate(session.accessToken);
      const { db, clock, entropy } = house;
      await new Sessions({ db, clock, entropy }).endAll(userId);
      house.ended.length = 0;
      clock.advance(10_000);
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(house.ended).to.eql([{ userId, deviceIds: [], tokenIds: [tokenId] }]);
    });

    it('are not believed any longer because the clock is set back', async () => {
      const { userId, session } = await signUp();
      await house.sessions.authenticate(session.accessToken);
      const { db, clock, entropy } = house;
      await new Sessions({ db, clock, entropy }).endAll(userId);
      clock.advance(-3_600_000);
      expect((await house.sessions.authenticate(session.accessToken)).userId).to.equal(userId);
      clock.advance(10_000);
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
    });

    it('are stored as hashes', async () => {
      const { session } = await signUp();
      const rows = await house.db.rows<{ dump: string }>({
        text: 'SELECT t::text AS dump FROM access_tokens t',
        values: [],
      });
      expect(rows.some(({ dump }) => dump.includes(session.accessToken))).to.equal(false);
    });

    it('leave a trace of when and whence, at once in answers and later in the table', async () => {
      const { userId, session } = await signUp();
      await house.sessions.authenticate(session.accessToken, origin);
      const seen = { lastSeenIp: '10.0.0.1', lastSeenAt: house.clock.now() };
      expect((await house.sessions.devices(userId))[0]).to.deep.include(seen);
      await house.sessions.writeLastSeen();
      const { db, clock, entropy } = house;
      expect((await new Sessions({ db, clock, entropy }).devices(userId))[0]).to.deep.include(seen);
    });
  });

  describe('a new password', () => {
    it('ends the other sessions unless asked not to', async () => {
      const { userId, session } = await signUp();
      const other = await logIn(userId);
      const caller = await house.sessions.authenticate(session.accessToken);
      await house.accounts.changePassword(caller, 'new password', false);
      expect(await refusal(house.sessions.authenticate(other.accessToken))).to.equal('accepted');
      expect(await refusal(logIn(userId))).to.equal('M_FORBIDDEN');
      await house.accounts.changePassword(caller, 'newer password', true);
      expect(await refusal(house.sessions.authenticate(other.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('accepted');
      expect(await refusal(logIn(userId, 'newer password'))).to.equal('accepted');
      expect(await refusal(house.accounts.changePassword(caller, 'weak', true))).to.equal('M_WEAK_PASSWORD');
    });

    it('from the command line ends them all', async () => {
      const { userId, session } = await signUp();
      await house.accounts.resetPassword(userId, 'reset password');
      expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
      expect(await refusal(logIn(userId, 'reset password'))).to.equal('accepted');
    });
  });

  it('a closed account cannot be entered, and its name stays taken', async () => {
    const { userId, username, session } = await signUp();
    const told: [UserId, boolean][] = [];
    house.accounts.onDeactivated((...what) => told.push(what));
    expect(await house.accounts.find(username)).to.equal(userId);
    await house.accounts.deactivate(userId, true);
    expect(await refusal(logIn(username))).to.equal('M_FORBIDDEN');
    expect(await refusal(house.sessions.authenticate(session.accessToken))).to.equal('M_UNKNOWN_TOKEN');
    expect(await refusal(house.registration.assertAvailable(username))).to.equal('M_USER_IN_USE');
    expect(await refusal(house.accounts.resetPassword(userId, 'long enough'))).to.equal('M_NOT_FOUND');
    expect(told).to.eql([[userId, true]]);
    expect(await refusal(house.accounts.find('nobody'))).to.equal('M_NOT_FOUND');
  });

  it('the shared secret opens accounts, each nonce once', async () => {
    const { accounts, clock, entropy } = house;
    const shared = new SharedSecretRegistration({ secret: 'sesame', accounts, clock, entropy });
    const request = (nonce: string, secret = 'sesame') => {
      const mac = createHmac('sha1', secret).update(`${nonce}\0carol\0long enough\0admin`).digest('hex');
      return { nonce, username: 'carol', password: 'long enough', admin: true, userType: undefined, mac };
    };
    expect(await refusal(shared.register(request(shared.nonce(), 'wrong')))).to.equal('M_FORBIDDEN');
    expect(await refusal(shared.register({ ...request(shared.nonce()), mac: 'zz' }))).to.equal('M_FORBIDDEN');
    expect(await refusal(shared.register(request('made up')))).to.equal('M_UNKNOWN');
    const stale = shared.nonce();
    clock.advance(60_001);
    expect(await refusal(shared.register(request(stale)))).to.equal('M_UNKNOWN');
    const nonce = shared.nonce();
    const userId = await shared.register(request(nonce));
    expect([userId, await accounts.isAdmin(userId)]).to.eql(['@carol:a.test', true]);
    expect(await refusal(shared.register(request(nonce)))).to.equal('M_UNKNOWN');
  });
});
