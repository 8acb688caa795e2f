import { createHmac } from 'node:crypto';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Route } from '../../http/route.ts';
import { UserInteractiveAuth } from '../../http/uia.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import { Notifier } from '../../streams/notifier.ts';
import type { Position } from '../../streams/stream.ts';
import { createTestAccounts } from '../../testing/accounts.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { createTestApp, serve, type TestServer } from '../../testing/http.ts';
import { AccountData, accountDataRoutes, openAccountDataStream, Tags, tagsRoutes } from '../account-data/index.ts';
import { Aliases, aliasesRoutes } from '../aliases/index.ts';
import { Devices, devicesRoutes } from '../devices/index.ts';
import { Filters, filtersRoutes } from '../filters/index.ts';
import { Profiles, profilesRoutes } from '../profiles/index.ts';
import { PushRules, pushRulesContent, pushRulesRoutes } from '../push-rules/index.ts';
import {
  accountsRoutes,
  Reauthentication,
  registrationRoutes,
  SharedSecretRegistration,
  sharedSecretRoutes,
} from './index.ts';

const build = async ({ db }: TestDatabase) => {
  const { accounts, clock, entropy, registration, serverName, sessions } = createTestAccounts(db);
  const uia = new UserInteractiveAuth(clock, entropy);
  const reauthentication = new Reauthentication(accounts, uia);
  const stream = await openAccountDataStream(db);
  const derived = new Map([['m.push_rules', pushRulesContent]]);
  const accountData = new AccountData({ db, stream, notifier: new Notifier(), derived });
  const background = new Background(silentLog);
  const profiles = new Profiles({
    db,
    clock,
    background,
    serverName,
    users: accounts,
    news: { claim: async () => 1 as Position },
    remote: { query: async () => undefined },
    memberEvents: { profileChanged: async () => undefined },
  });
  const aliases = new Aliases({
    db,
    clock,
    serverName,
    remote: { query: async () => undefined },
    roomServers: { of: async () => [] },
    rights: { isJoined: async () => true, maySee: async () => true, maySetCanonicalAlias: async () => false },
    administrators: accounts,
    names: { withdrawn: async () => undefined },
  });
  const shared = new SharedSecretRegistration({ secret: 'sesame', accounts, clock, entropy });
  const routes: readonly Route[] = [
    ...accountsRoutes({ accounts, sessions, reauthentication, serverName }),
    ...registrationRoutes({ registration, uia, serverName }),
    ...sharedSecretRoutes(shared, {
      accounts,
      serverName,
      setDisplayName: (userId, name) => profiles.set(userId, 'displayname', name),
    }),
    ...devicesRoutes(new Devices({ sessions, reauthentication })),
    ...profilesRoutes(profiles),
    ...filtersRoutes(new Filters(db)),
    ...accountDataRoutes(accountData),
    ...tagsRoutes(new Tags(accountData)),
    ...pushRulesRoutes(new PushRules(accountData)),
    ...aliasesRoutes(aliases),
  ];
  const app = createTestApp(routes, {
    authenticate: {
      user: (token) => sessions.authenticate(token),
      server: () => Promise.resolve(ServerName.parse('b.test')),
    },
  });
  return { app, background, routes };
};

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

describe('the account side over HTTP', () => {
  let database: TestDatabase;
  let server: TestServer;
  let house: Awaited<ReturnType<typeof build>>;

  before(async () => {
    database = await createTestDatabase();
    house = await build(database);
    server = await serve(house.app.handler());
  });
  after(async () => {
    await house.background.idle();
    await server[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const call = async (method: string, path: string, body?: unknown, token?: string): Promise<Answer> => {
    const response = await fetch(server.origin + path, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const api = (method: string, path: string, body?: unknown, token?: string) =>
    call(method, `/_matrix/client/v3/${path}`, body, token);

  let people = 0;
  const signUp = async () => {
    const username = `person${++people}`;
    const auth = { type: 'm.login.dummy' };
    const { status, body } = await api('POST', 'register', { username, password: 'a password', auth });
    expect(status).to.equal(200);
    return {
      user: body['user_id'] as string,
      token: body['access_token'] as string,
      device: body['device_id'] as string,
    };
  };

  it('registers after saying how, and in one request for those who know', async () => {
    const asked = await api('POST', 'register', {});
    expect(asked.status).to.equal(401);
    expect(asked.body['flows']).to.eql([{ stages: ['m.login.dummy'] }]);
    const { device, token, user } = await signUp();
    const who = await api('GET', 'account/whoami', undefined, token);
    expect(who.body).to.eql({ user_id: user, device_id: device, is_guest: false });
    expect((await api('GET', `register/available?username=${user.slice(1, -7)}`)).body['errcode']).to.equal(
      'M_USER_IN_USE',
    );
    expect((await api('GET', 'register/available?username=free')).body).to.eql({ available: true });
    const guest = await api('POST', 'register?kind=guest', {});
    expect([guest.status, guest.body['errcode']]).to.eql([403, 'M_FORBIDDEN']);
  });

  it('registers by stages with a session, which is good once', async () => {
    const { session } = (await api('POST', 'register', {})).body;
    const wish = (username: string) => ({ username, password: 'a password', auth: { type: 'm.login.dummy', session } });
    const made = await api('POST', 'register', { ...wish('staged'), inhibit_login: true });
    expect(made.body).to.eql({ user_id: '@staged:a.test', home_server: 'a.test' });
    const again = await api('POST', 'register', wish('staged'));
    expect([again.status, again.body['errcode']]).to.eql([400, 'M_USER_IN_USE']);
  });

  it('wants the password before it changes the password or closes the account', async () => {
    const { token, user } = await signUp();
    for (const [path, body] of [
      ['account/password', { new_password: 'b password' }],
      ['account/deactivate', {}],
    ] as const) {
      const asked = await api('POST', path, body, token);
      expect(asked.body['flows']).to.eql([{ stages: ['m.login.password'] }]);
      const { session } = asked.body;
      const show = (password: string) => {
        const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user }, password, session };
        return api('POST', path, { ...body, auth }, token);
      };
      const refused = await show('wrong');
      expect([refused.status, refused.body['errcode'], refused.body['session']]).to.eql([401, 'M_FORBIDDEN', session]);
      expect((await show(path === 'account/password' ? 'a password' : 'b password')).status).to.equal(200);
    }
    expect((await api('GET', 'account/whoami', undefined, token)).body['errcode']).to.equal('M_UNKNOWN_TOKEN');
  });

  it('logs in by identifier or the older way, and out', async () => {
    const { user } = await signUp();
    expect((await api('GET', 'login')).body).to.eql({ flows: [{ type: 'm.login.password' }] });
    const type = 'm.login.password';
    for (const body of [{ identifier: { type: 'm.id.user', user } }, { user }]) {
      const { body: session } = await api('POST', 'login', { type, password: 'a password', ...body });
      const token = session['access_token'] as string;
      expect((await api('POST', 'logout', {}, token)).status).to.equal(200);
      const after = await api('GET', 'account/whoami', undefined, token);
      expect([after.status, after.body['errcode']]).to.eql([401, 'M_UNKNOWN_TOKEN']);
    }
    const password = 'a password';
    const refused: [object, number, string][] = [
      [{ type, user, password: 'wrong' }, 403, 'M_FORBIDDEN'],
      [{ type, user: 'nobody', password }, 403, 'M_FORBIDDEN'],
      [
        { type, identifier: { type: 'm.id.thirdparty', medium: 'email', address: 'x@y' }, password },
        403,
        'M_FORBIDDEN',
      ],
      [{ type, identifier: { type: 'm.id.magic' }, password }, 400, 'M_UNKNOWN'],
      [{ type: 'm.login.magic' }, 400, 'M_UNKNOWN'],
      [{ type, user }, 400, 'M_MISSING_PARAM'],
      [{ type, password }, 400, 'M_MISSING_PARAM'],
      [{ type, user, password, device_id: '' }, 400, 'M_BAD_JSON'],
      [{}, 400, 'M_BAD_JSON'],
    ];
    for (const [body, status, errcode] of refused) {
      const answer = await api('POST', 'login', body);
      expect([answer.status, answer.body['errcode']], JSON.stringify(body)).to.eql([status, errcode]);
    }
  });

  it('opens accounts for who knows the secret', async () => {
    const path = '/_synapse/admin/v1/register';
    const nonce = (await call('GET', path)).body['nonce'] as string;
    const mac = createHmac('sha1', 'sesame').update(`${nonce}\0robot\0a password\0notadmin`).digest('hex');
    const body = { nonce, username: 'robot', password: 'a password', displayname: 'Robot', mac };
    const made = await call('POST', path, body);
    expect(made.body).to.include({ user_id: '@robot:a.test', home_server: 'a.test' });
    expect((await api('GET', 'account/whoami', undefined, made.body['access_token'] as string)).status).to.equal(200);
    expect((await api('GET', 'profile/@robot:a.test')).body).to.eql({ displayname: 'Robot' });
  });

  it('keeps people out of what belongs to others', async () => {
    const alice = await signUp();
    const bob = await signUp();
    for (const [method, path, body] of [
      ['PUT', `profile/${bob.user}/displayname`, { displayname: 'x' }],
      ['DELETE', `profile/${bob.user}/displayname`, undefined],
      ['POST', `user/${bob.user}/filter`, {}],
      ['GET', `user/${bob.user}/filter/1`, undefined],
      ['PUT', `user/${bob.user}/account_data/x`, {}],
      ['GET', `user/${bob.user}/account_data/x`, undefined],
      ['PUT', `user/${bob.user}/rooms/!r:a.test/account_data/x`, {}],
      ['GET', `user/${bob.user}/rooms/!r:a.test/account_data/x`, undefined],
      ['GET', `user/${bob.user}/rooms/!r:a.test/tags`, undefined],
      ['PUT', `user/${bob.user}/rooms/!r:a.test/tags/u.x`, {}],
      ['DELETE', `user/${bob.user}/rooms/!r:a.test/tags/u.x`, undefined],
    ] as const) {
      const answer = await api(method, path, body, alice.token);
      expect([answer.status, answer.body['errcode']], `${method} ${path}`).to.eql([403, 'M_FORBIDDEN']);
    }
  });

  it('keeps its own account data types to itself', async () => {
    const { token, user } = await signUp();
    for (const type of ['m.fully_read', 'm.push_rules']) {
      for (const path of [`user/${user}/account_data/${type}`, `user/${user}/rooms/!r:a.test/account_data/${type}`]) {
        const answer = await api('PUT', path, {}, token);
        expect([answer.status, answer.body['errcode']]).to.eql([405, 'M_BAD_JSON']);
      }
    }
    const rules = await api('GET', `user/${user}/account_data/m.push_rules`, undefined, token);
    expect(rules.body).to.eql((await api('GET', 'pushrules/', undefined, token)).body);
  });

  it('answers every operation, whatever it is sent, with an error of the specification at worst', async () => {
    const { token, user } = await signUp();
    const oddities = [
      'x',
      '%00',
      '..',
      '%2F',
      '%F0%9F%92%A9',
      '@a:b',
      '!a:b',
      '%23a:b',
      '.m.rule.master',
      'a'.repeat(300),
    ];
    const bodies = [
      '{',
      '[]',
      'null',
      '"x"',
      '{}',
      '{"auth":5}',
      '{"actions":[5]}',
      '{"order":"x"}',
      '{"x":"\\u0000"}',
    ];
    const surprises: string[] = [];
    const probe = async (method: string, path: string, body: string | undefined) => {
      const answer = await call(method, path, body, token);
      // The 401 of user-interactive authentication is no error, and has no code.
      const isError = answer.status >= 400 && !('flows' in answer.body);
      if (answer.status >= 500 || (isError && typeof answer.body['errcode'] !== 'string')) {
        surprises.push(`${method} ${path} ${body}: ${answer.status}`);
      }
    };
    for (const { endpoint } of house.routes) {
      if (endpoint.operationId.startsWith('logout')) continue;
      for (const odd of oddities) {
        const body = endpoint.method === 'GET' ? undefined : '{}';
        await probe(endpoint.method, endpoint.path.replaceAll(/:\w+/g, odd), body);
        const path = endpoint.path.replace(':userId', user).replace(':roomId', '!r:b').replaceAll(/:\w+/g, odd);
        await probe(endpoint.method, `${path}?username=${odd}&token=${odd}&user_id=${user}&field=${odd}`, body);
      }
      if (endpoint.method === 'GET') continue;
      for (const body of bodies) {
        await probe(endpoint.method, endpoint.path.replace(':userId', user).replaceAll(/:\w+/g, '!r:b'), body);
      }
    }
    expect(surprises).to.eql([]);
  }).timeout(20_000);
});
