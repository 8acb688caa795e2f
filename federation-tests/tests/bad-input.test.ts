import type { Endpoint } from '@holm/spec/endpoint';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import type { TestNetwork } from '../src/network.ts';
import { badRequests } from '../src/nonsense.ts';
import type { Person } from '../src/people.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/** 502 and 504: another server was asked, which is not there. */
const ALLOWED_FAILURES = [502, 504];
const TOO_LARGE = 12_000_000;

const expectDecent = ({ status, body }: Answer, what: string): void => {
  // The server asks for a proof of identity: its answer says which, and is an error only after a failed attempt.
  if (status < 400 || (status === 401 && body.flows !== undefined)) return;
  const seen = `${what}: ${status} ${JSON.stringify(body)}`;
  expect(status < 500 || ALLOWED_FAILURES.includes(status), seen).to.equal(true);
  expect(body, seen)
    .to.have.property('errcode')
    .that.matches(/^([A-Z]+\.[A-Z]+\.MSC\d+\.)?[A-Z]+_[A-Z_]+$/);
  expect(body, seen).to.have.property('error').that.is.a('string');
};

const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

describe('bad input', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let owner: Person;
  let room: string;
  let known: Record<string, string>;

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    owner = await network.person('owner', 'a.test');
    room = await owner.createRoom({ preset: 'private_chat', name: 'Private', room_alias_name: 'private' });
    const eventId = await owner.say(room, 'hello');
    await owner.ask('PUT', `/profile/${owner.userId}/displayname`, { displayname: 'The owner' });
    const things = { roomId: room, roomIdOrAlias: room, eventId, userId: owner.userId, roomAlias: '#private:a.test' };
    known = { ...things, kind: 'override', keyName: 'displayname', receiptType: 'm.read', action: 'send' };
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const endpoints = (): Endpoint[] => network.server('a.test').running.routes.map(({ endpoint }) => endpoint);
  const url = (uri: string) => network.server('a.test').url + uri;
  const uriOf = ({ path }: Endpoint) =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(known[name] ?? 'x'));

  it('meets all operations that are mounted', () => {
    expect(endpoints().length).to.be.greaterThan(70);
  });

  it('without a token, or with a wrong one, is answered before anything else is looked at', async () => {
    for (const endpoint of endpoints().filter(({ auth }) => auth === 'user')) {
      const ask = async (token?: string) => (await call(endpoint.method, url(uriOf(endpoint)), { token })).body.errcode;
      expect([nameOf(endpoint), await ask()]).to.deep.equal([nameOf(endpoint), 'M_MISSING_TOKEN']);
      expect([nameOf(endpoint), await ask('nonsense')]).to.deep.equal([nameOf(endpoint), 'M_UNKNOWN_TOKEN']);
    }
  });

  it('that is too large is refused', async function () {
    this.timeout(90_000);
    const body = `{"a":"${'a'.repeat(TOO_LARGE)}"}`;
    const { token } = await network.person('writer', 'a.test');
    // Files have a limit of their own (media.test.ts).
    const takingJson = endpoints().filter(({ streams }) => streams !== true);
    for (const endpoint of takingJson.filter(({ method, auth }) => method !== 'GET' && auth !== 'server')) {
      const required = (endpoint.query['required'] ?? []) as readonly string[];
      const uri = `${uriOf(endpoint)}?${required.map((name) => `${name}=1`).join('&')}`;
      const answer = await call(endpoint.method, url(uri), { token, body }).catch((error: unknown) => error);
      // A server may also just hang up on who goes on talking.
      if (answer instanceof Error) continue;
      const { status, body: said } = answer as Answer;
      expect([nameOf(endpoint), status, said.errcode]).to.deep.equal([nameOf(endpoint), 413, 'M_TOO_LARGE']);
    }
  });

  it('of users gets an error that says what it is', async function () {
    this.timeout(90_000);
    for (const endpoint of endpoints().filter(({ auth }) => auth !== 'server')) {
      const stranger = await network.person('stranger', 'a.test'); // some operations end the session
      for (const { what, uri, body } of badRequests(endpoint, known)) {
        const answer = await call(endpoint.method, url(uri), {
          token: stranger.token,
          ...(endpoint.method !== 'GET' && { body }),
        });
        expectDecent(answer, `${nameOf(endpoint)} with ${what}`);
      }
    }
  });

  it('of other servers gets an error, unsigned or signed', async function () {
    this.timeout(90_000);
    const server = network.server('a.test');
    for (const endpoint of endpoints().filter(({ auth }) => auth === 'server')) {
      const unsigned = await call(endpoint.method, url(uriOf(endpoint)), endpoint.method === 'GET' ? {} : { body: {} });
      expect([nameOf(endpoint), unsigned.status]).to.deep.equal([nameOf(endpoint), 401]);
      const authorization = 'X-Matrix origin="rogue.test",key="ed25519:rogue",sig="AAAA"';
      const forged = await call(endpoint.method, url(uriOf(endpoint)), { headers: { authorization } });
      expect([nameOf(endpoint), forged.status]).to.deep.equal([nameOf(endpoint), 401]);
      for (const { what, uri, body } of badRequests(endpoint, known)) {
        if (typeof body === 'string' || !isSignable(body)) continue;
        expectDecent(await rogue.send(server, endpoint.method, uri, body as Json), `${nameOf(endpoint)} with ${what}`);
      }
    }
  });

  it('of other servers about a room that they are not in is refused', async () => {
    const server = network.server('a.test');
    for (const endpoint of endpoints().filter(({ auth, path }) => auth === 'server' && path.includes(':roomId'))) {
      const answer = await rogue.send(server, endpoint.method, uriOf(endpoint), {});
      expect([nameOf(endpoint), answer.status >= 400]).to.deep.equal([nameOf(endpoint), true]);
    }
  });

  it('in a transaction costs only the events that are bad', async () => {
    const server = network.server('a.test');
    const pdus = [null, 7, {}, { room_id: room }, { room_id: room, type: 'm.room.message', sender: owner.userId }];
    const body = { origin: 'rogue.test', origin_server_ts: 1, pdus, edus: [{ edu_type: 'm.typing', content: null }] };
    const answer = await rogue.send(server, 'PUT', '/_matrix/federation/v1/send/1', body);
    expectDecent(answer, 'a transaction of nonsense');
    expect(answer.status).to.be.oneOf([200, 400]);
  });

  it('has changed nothing', async () => {
    expect(await owner.members(room)).to.deep.equal({ [owner.userId]: 'join' });
    expect(await owner.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: 'Private' });
    expect(await owner.ask('GET', '/directory/room/%23private%3Aa.test')).to.include({ room_id: room });
    expect((await owner.ask('GET', `/profile/${owner.userId}`)).displayname).to.equal('The owner');
    const history = await owner.history(room);
    expect(history.filter(({ sender }) => sender !== owner.userId)).to.deep.equal([]);
  });
});

/** Not everything that is JSON has a canonical form, and only what has can be signed. */
const isSignable = (value: unknown): boolean => {
  const text = JSON.stringify(value);
  return !/1e\+21|1\.5|\\ud800/.test(text);
};
