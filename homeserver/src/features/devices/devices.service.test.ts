import { MatrixError } from '@holm/spec/errors';
import { DeviceId } from '@holm/spec/ids';
import { expect } from 'chai';
import { UserInteractiveAuth } from '../../http/uia.ts';
import { createTestAccounts } from '../../testing/accounts.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { type Accounts, Reauthentication, type Sessions } from '../accounts/index.ts';
import { Devices } from './index.ts';

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('devices on a database', () => {
  let database: TestDatabase;
  let accounts: Accounts;
  let sessions: Sessions;
  let devices: Devices;

  before(async () => {
    database = await createTestDatabase();
    const { db } = database;
    const house = createTestAccounts(db);
    const { clock, entropy } = house;
    ({ accounts, sessions } = house);
    const uia = new UserInteractiveAuth(clock, entropy);
    devices = new Devices({ sessions, reauthentication: new Reauthentication(accounts, uia) });
    await accounts.createUser({ name: 'alice', password: 'a password' });
    await accounts.createUser({ name: 'bob', password: 'b password' });
  });
  after(() => database[Symbol.asyncDispose]());

  const logIn = async (user: string, deviceId: string) => {
    const { accessToken } = await accounts.logIn({
      user,
      password: `${user[0]} password`,
      deviceId,
      displayName: deviceId,
    });
    return { accessToken, caller: await sessions.authenticate(accessToken) };
  };
  const password = (user: string, secret: string) => ({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password: secret,
  });

  it('are listed and renamed by their owner only', async () => {
    const { caller } = await logIn('alice', 'PHONE');
    const bob = await logIn('bob', 'BOBS');
    expect((await devices.get(caller.userId, 'PHONE')).displayName).to.equal('PHONE');
    await devices.rename(caller.userId, 'PHONE', 'my phone');
    await devices.rename(caller.userId, 'PHONE', undefined);
    expect((await devices.of(caller.userId)).map(({ displayName }) => displayName)).to.eql(['my phone']);
    const attempts = [
      devices.get(caller.userId, 'BOBS'),
      devices.rename(caller.userId, 'BOBS', 'mine now'),
      devices.rename(caller.userId, 'NEVER', undefined),
    ];
    expect(await Promise.all(attempts.map((attempt) => attempt.catch(code)))).to.eql(Array(3).fill('M_NOT_FOUND'));
    expect((await devices.get(bob.caller.userId, 'BOBS')).displayName).to.equal('BOBS');
  });

  it('go, with their tokens, only for the password of their owner', async () => {
    const { caller } = await logIn('alice', 'PHONE');
    const lost = await logIn('alice', 'LOST');
    for (const [auth, expected] of [
      [undefined, 'M_UNAUTHORIZED'],
      [{ type: 'm.login.dummy' }, 'M_UNRECOGNIZED'],
      [password('alice', 'wrong'), 'M_FORBIDDEN'],
      [password('bob', 'b password'), 'M_FORBIDDEN'],
      [password('@alice:b.test', 'a password'), 'M_FORBIDDEN'],
    ] as const) {
      expect(await devices.remove(caller, ['LOST'], auth).catch(code)).to.equal(expected);
    }
    expect((await sessions.authenticate(lost.accessToken)).deviceId).to.equal('LOST');
    await devices.remove(caller, ['LOST', 'NEVER'], password('alice', 'a password'));
    expect(await sessions.authenticate(lost.accessToken).catch(code)).to.equal('M_UNKNOWN_TOKEN');
    expect((await devices.of(caller.userId)).map(({ deviceId }) => deviceId)).to.eql([DeviceId.parse('PHONE')]);
    await devices.remove(caller, ['LOST'], { type: 'm.login.password', user: 'alice', password: 'a password' });
  });
});
