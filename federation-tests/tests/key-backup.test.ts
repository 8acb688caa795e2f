import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const ALGORITHM = 'm.megolm_backup.v1.curve25519-aes-sha2';
const ROOM = '!room:a.test';
const OTHER = '!other:a.test';

const key = (first: number, forwarded = 0, verified = false): any => ({
  first_message_index: first,
  forwarded_count: forwarded,
  is_verified: verified,
  session_data: { ciphertext: `${first} ${forwarded} ${verified}` },
});

describe('backups of keys', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => {
    network = await TestNetwork.start('a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
  });

  const path = (version: string, ...of: readonly string[]) =>
    `/room_keys/keys${of.map((part) => `/${encodeURIComponent(part)}`).join('')}?version=${version}`;

  const create = async (person = alice): Promise<string> =>
    (await person.ask('POST', '/room_keys/version', { algorithm: ALGORITHM, auth_data: { public_key: 'k' } })).version;

  const refused = async (method: string, where: string, body?: unknown, person = alice): Promise<unknown> => {
    const answer = await person.request(method, where, body);
    return [answer.status, answer.body.errcode];
  };

  it('have versions, the newest of which is the current one', async () => {
    expect(await refused('GET', '/room_keys/version')).to.eql([404, 'M_NOT_FOUND']);
    const [first, second] = [await create(), await create()];
    expect(second).to.not.equal(first);
    const info = { algorithm: ALGORITHM, auth_data: { public_key: 'k' }, count: 0, etag: '0' };
    expect(await alice.ask('GET', '/room_keys/version')).to.eql({ ...info, version: second });
    expect(await alice.ask('GET', `/room_keys/version/${first}`)).to.eql({ ...info, version: first });
    expect(await refused('GET', `/room_keys/version/${first}`, undefined, bob)).to.eql([404, 'M_NOT_FOUND']);
    expect(await refused('GET', '/room_keys/version/nonsense')).to.eql([404, 'M_NOT_FOUND']);
  });

  it('can be described anew, but not be turned into others', async () => {
    const version = await create();
    const put = (body: object) => refused('PUT', `/room_keys/version/${version}`, body);
    expect(await put({ algorithm: 'other', auth_data: {} })).to.eql([400, 'M_INVALID_PARAM']);
    expect(await put({ algorithm: ALGORITHM, auth_data: {}, version: '99' })).to.eql([400, 'M_INVALID_PARAM']);
    expect(await put({ algorithm: ALGORITHM, auth_data: { public_key: 'new' }, version })).to.eql([200, undefined]);
    expect((await alice.ask('GET', '/room_keys/version')).auth_data).to.eql({ public_key: 'new' });
    expect(await refused('PUT', '/room_keys/version/99', { algorithm: ALGORITHM, auth_data: {} })).to.eql([
      404,
      'M_NOT_FOUND',
    ]);
  });

  it('are deleted with their keys, and their numbers never come again', async () => {
    const [first, second] = [await create(), await create()];
    await alice.ask('PUT', path(second, ROOM, 's'), key(1));
    await alice.ask('DELETE', `/room_keys/version/${second}`);
    await alice.ask('DELETE', `/room_keys/version/${second}`);
    expect(await refused('DELETE', '/room_keys/version/99')).to.eql([404, 'M_NOT_FOUND']);
    expect(await refused('GET', path(second))).to.eql([404, 'M_NOT_FOUND']);
    expect((await alice.ask('GET', '/room_keys/version')).version).to.equal(first);
    expect([first, second]).to.not.include(await create());
  });

  it('give back what was put into them, by room and by session', async () => {
    const version = await create();
    expect(await alice.ask('GET', path(version))).to.eql({ rooms: {} });
    expect(await alice.ask('GET', path(version, ROOM))).to.eql({ sessions: {} });
    expect(await refused('GET', path(version, ROOM, 's'))).to.eql([404, 'M_NOT_FOUND']);
    const rooms = { [ROOM]: { sessions: { a: key(1), b: key(2) } }, [OTHER]: { sessions: { a: key(3) } } };
    expect(await alice.ask('PUT', path(version), { rooms })).to.eql({ count: 3, etag: '1' });
    await alice.ask('PUT', path(version, ROOM), { sessions: { c: key(4) } });
    const put = await alice.ask('PUT', path(version, ROOM, 'd'), key(5));
    expect(put).to.eql({ count: 5, etag: '3' });
    expect(await alice.ask('GET', path(version, ROOM, 'd'))).to.eql(key(5));
    const all = { a: key(1), b: key(2), c: key(4), d: key(5) };
    expect(await alice.ask('GET', path(version, ROOM))).to.eql({ sessions: all });
    expect(await alice.ask('GET', path(version))).to.eql({ rooms: { ...rooms, [ROOM]: { sessions: all } } });
    expect(await refused('GET', path(version), undefined, bob)).to.eql([404, 'M_NOT_FOUND']);
    expect(await alice.ask('DELETE', path(version, ROOM, 'd'))).to.eql({ count: 4, etag: '4' });
    expect(await alice.ask('DELETE', path(version, ROOM, 'd'))).to.eql({ count: 4, etag: '4' });
    expect(await alice.ask('DELETE', path(version, ROOM))).to.eql({ count: 1, etag: '5' });
    expect(await alice.ask('DELETE', path(version))).to.eql({ count: 0, etag: '6' });
    expect((await alice.ask('GET', '/room_keys/version')).etag).to.equal('6');
  });

  // Which of two keys is kept: verified before not, then the lower first index, then the fewer forwards.
  const better: readonly (readonly [string, any, any])[] = [
    ['a verified one', key(5, 5, true), key(0, 0, false)],
    ['one that begins earlier', key(1, 5), key(2, 0)],
    ['one that begins earlier, verified', key(1, 5, true), key(2, 0, true)],
    ['one that was forwarded less', key(1, 1), key(1, 2)],
  ];
  for (const [what, good, bad] of better) {
    it(`keep ${what}, whichever comes first`, async () => {
      const version = await create();
      for (const [session, order] of [
        ['one', [good, bad]],
        ['other', [bad, good]],
      ] as const) {
        for (const each of order) await alice.ask('PUT', path(version, ROOM, session), each);
        expect(await alice.ask('GET', path(version, ROOM, session))).to.eql(good);
      }
      // The worse and the same change nothing, and say so.
      const { etag } = await alice.ask('GET', '/room_keys/version');
      expect((await alice.ask('PUT', path(version, ROOM, 'one'), bad)).etag).to.equal(etag);
      expect((await alice.ask('PUT', path(version, ROOM, 'one'), good)).etag).to.equal(etag);
    });
  }

  it('are written to in their current version only, which is named otherwise', async () => {
    expect(await refused('PUT', path('1', ROOM, 's'), key(1))).to.eql([404, 'M_NOT_FOUND']);
    const [first, second] = [await create(), await create()];
    for (const [where, body] of [
      [path(first, ROOM, 's'), key(1)],
      [path(first, ROOM), { sessions: {} }],
      [path(first), { rooms: {} }],
    ] as const) {
      const { status, body: answer } = await alice.request('PUT', where, body);
      expect([status, answer.errcode, answer.current_version]).to.eql([403, 'M_WRONG_ROOM_KEYS_VERSION', second]);
    }
  });

  it('take nothing that is malformed, and all of a request or nothing', async () => {
    const version = await create();
    expect(await refused('PUT', path(version, ROOM, 's'), { ...key(1), is_verified: 'yes' })).to.eql([
      400,
      'M_BAD_JSON',
    ]);
    expect(await refused('PUT', path(version, ROOM, 's'), key(-1))).to.eql([400, 'M_BAD_JSON']);
    const rooms = { [ROOM]: { sessions: { a: key(1) } }, nowhere: { sessions: { a: key(1) } } };
    expect(await refused('PUT', path(version), { rooms })).to.eql([400, 'M_INVALID_PARAM']);
    const large = { ...key(1), session_data: { ciphertext: 'x'.repeat(70_000) } };
    expect(await refused('PUT', path(version, ROOM), { sessions: { a: key(1), b: large } })).to.eql([
      413,
      'M_TOO_LARGE',
    ]);
    expect(await alice.ask('GET', path(version))).to.eql({ rooms: {} });
  });

  it('lose nothing when two devices write at the same time, nor over a restart', async () => {
    const version = await create();
    const phone = await alice.login();
    const puts = Array.from({ length: 10 }, (_, i) =>
      [alice, phone].map((of) => of.ask('PUT', path(version, ROOM, `${i}`), key(of === alice ? i : i + 1))),
    );
    await Promise.all(puts.flat());
    await network.stop('a.test');
    await network.start('a.test');
    const { sessions } = await alice.ask('GET', path(version, ROOM));
    expect(sessions).to.eql(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}`, key(i)])));
    expect((await alice.ask('GET', '/room_keys/version')).count).to.equal(10);
  });

  it('go with the account', async () => {
    const version = await create();
    await alice.ask('PUT', path(version, ROOM, 's'), key(1));
    await alice.deactivate();
    await network.settle();
    const rows = await network.server('a.test').rows(sql`SELECT FROM key_backups WHERE user_id = ${alice.userId}`);
    expect(rows).to.eql([]);
  });
});
