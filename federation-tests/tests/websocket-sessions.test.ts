import { expect } from 'chai';
import { MatrixError } from '@holm/spec/errors';
import { PASSWORD, type Person } from '../src/people.ts';
import { sinceOf, SocketScene } from '../src/socket-scene.ts';
import { TestSocket } from '../src/socket.ts';

const V3 = '/_matrix/client/v3';

const passwordOf = ({ name }: Person) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: name },
  password: PASSWORD,
});

/** Asked by another session of the account, which proves who it is. */
const proved = async (person: Person, path: string, body: object) =>
  (await person.login()).ask('POST', path, { ...body, auth: passwordOf(person) });

describe('a WebSocket ends with its session', () => {
  let scene: SocketScene;
  let alice: Person;
  let bob: Person;
  before(async () => (scene = await SocketScene.start()));
  after(() => scene[Symbol.asyncDispose]());
  beforeEach(async () => {
    await scene.refresh();
    ({ alice, bob } = scene);
  });

  const ways: readonly (readonly [string, (person: Person) => Promise<unknown>])[] = [
    ['when that logs out', (person) => person.ask('POST', '/logout', {})],
    ['when all log out', async (person) => (await person.login()).ask('POST', '/logout/all', {})],
    ['when the account is closed', (person) => person.deactivate()],
    ['when its device is removed', (person) => proved(person, '/delete_devices', { devices: [person.deviceId] })],
    [
      'when the password is changed',
      (person) => proved(person, '/account/password', { new_password: `${PASSWORD}!`, logout_devices: true }),
    ],
    [
      'when somebody logs in on its device',
      (person) => person.ask('POST', '/login', { ...passwordOf(person), device_id: person.deviceId }),
    ],
  ];
  for (const [when, end] of ways) {
    it(when, async () => {
      const socket = await TestSocket.open(bob);
      const other = await TestSocket.open(alice);
      socket.follow('v3', { pos: await sinceOf(bob) });
      await socket.request('GET', `${V3}/account/whoami`);
      await end(bob);
      expect(await socket.ended()).to.deep.equal({ code: 4001, reason: 'M_UNKNOWN_TOKEN' });
      expect((await other.request('GET', `${V3}/account/whoami`)).status).to.equal(200);
      await other.close();
    });
  }

  const asked: readonly (readonly [string, (person: Person) => object])[] = [
    ['logout', () => ({})],
    ['logout/all', () => ({})],
    ['account/deactivate', (person) => ({ auth: passwordOf(person) })],
    ['delete_devices', (person) => ({ devices: [person.deviceId], auth: passwordOf(person) })],
  ];
  for (const [path, body] of asked) {
    it(`and says before whether ${path} was done that was asked for over it`, async () => {
      const socket = await TestSocket.open(bob);
      socket.follow('v3', { pos: await sinceOf(bob) });
      const poll = socket.request('GET', `${V3}/sync?timeout=30000&since=${bob.view.since}`);
      await scene.waiting(2);
      expect((await socket.request('POST', `${V3}/${path}`, body(bob))).status).to.equal(200);
      expect((await poll).body.errcode).to.equal('M_UNKNOWN_TOKEN');
      expect(await socket.ended()).to.deep.equal({ code: 4001, reason: 'M_UNKNOWN_TOKEN' });
    });
  }

  it('though not for long after that where a request takes its time, and nothing new is begun', async () => {
    const socket = await TestSocket.open(bob);
    const { sessions } = scene.services.accounts;
    const real = { atHand: sessions.atHand.bind(sessions), authenticate: sessions.authenticate.bind(sessions) };
    const isAsked = Promise.withResolvers<void>();
    sessions.atHand = () => undefined;
    sessions.authenticate = () => {
      isAsked.resolve();
      return Promise.withResolvers<never>().promise;
    };
    socket.say({ type: 'request', id: socket.newId(), method: 'GET', path: `${V3}/account/whoami` });
    await isAsked.promise;
    Object.assign(sessions, real);
    await bob.ask('POST', '/logout', {});
    socket.follow('v3');
    await scene.pass(1_900);
    expect(socket.closed).to.equal(undefined);
    await scene.pass(100);
    expect((await socket.ended()).code).to.equal(4001);
    expect(socket.has('update')).to.equal(false);
  });

  it('or, where only the token has expired, with the code that says so', async () => {
    const socket = await TestSocket.open(bob);
    const { sessions } = scene.services.accounts;
    const real = sessions.authenticate.bind(sessions);
    const server = scene.network.server('a.test');
    await server.rows({ text: 'DELETE FROM access_tokens WHERE user_id = $1', values: [bob.userId] });
    // No token of ours expires yet: this is how it would be.
    sessions.authenticate = () =>
      Promise.reject(new MatrixError('M_UNKNOWN_TOKEN', 'expired', { extra: { soft_logout: true } }));
    try {
      await scene.sockets.confirm();
      expect(await socket.ended()).to.deep.equal({ code: 4002, reason: 'M_UNKNOWN_TOKEN' });
      const late = await TestSocket.connect(bob.home.url);
      late.say({ type: 'auth', access_token: bob.token });
      const { body } = await late.next('refused');
      expect(body).to.include({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true });
      expect((await late.ended()).code).to.equal(4002);
    } finally {
      sessions.authenticate = real;
    }
  });

  it('when another process has ended it', async () => {
    const socket = await TestSocket.open(bob);
    await scene.network
      .server('a.test')
      .rows({ text: 'DELETE FROM access_tokens WHERE user_id = $1', values: [bob.userId] });
    scene.network.clock.advance(20_000);
    await scene.sockets.confirm();
    expect((await socket.ended()).code).to.equal(4001);
  });
});
