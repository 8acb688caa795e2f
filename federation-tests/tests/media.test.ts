import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import sharp from 'sharp';
import { download, getFile, pathOfMxc, tryUpload, upload, uploadTo } from '../src/files.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

const LIMIT = 300_000;
const QUOTA = 1_000_000;

/** https://spec.matrix.org/latest/client-server-api/#content-repository */
describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holm-media-'));
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => {
    const media = { path: folder, max_upload_bytes: LIMIT, quota_bytes_per_user: QUOTA, max_pending_uploads: 2 };
    network = await TestNetwork.with({ names: ['a.test'], config: { media } });
  });
  beforeEach(async () => {
    [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'a.test')];
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const rows = (statement: ReturnType<typeof sql>) => network.server('a.test').rows<{ n: number }>(statement);
  const url = (path: string) => `${network.server('a.test').url}${path}`;

  it('come back as they were sent, to everybody with an account', async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));
    const mxc = await upload(alice, content, { type: 'image/png', name: 'a cat.png' });
    expect(mxc).to.match(/^mxc:\/\/a\.test\/[A-Za-z0-9_-]{24}$/);
    for (const person of [alice, bob]) {
      const { status, bytes, headers } = await download(person, mxc);
      expect(status).to.equal(200);
      expect(bytes.equals(content)).to.equal(true);
      expect(headers.get('content-type')).to.equal('image/png');
      expect(headers.get('content-disposition')).to.equal('inline; filename="a cat.png"');
      expect(headers.get('content-length')).to.equal(String(content.length));
    }
  });

  it('are not given to anybody without a token, in the new way or the old', async () => {
    const path = pathOfMxc(await upload(alice, 'secret'));
    const unnamed = await getFile(url(`/_matrix/client/v1/media/download/${path}`));
    expect([unnamed.status, unnamed.errcode]).to.deep.equal([401, 'M_MISSING_TOKEN']);
    for (const version of ['v3', 'r0', 'v1']) {
      for (const rest of ['', '/name.txt']) {
        const old = await getFile(url(`/_matrix/media/${version}/download/${path}${rest}`));
        expect([old.status, old.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
      }
    }
  });

  it('cannot act as pages of this server', async () => {
    const page = '<script>alert(1)</script>';
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'Text/HTML; charset=utf-8', undefined]) {
      const { headers } = await download(alice, await upload(alice, page, { ...(type && { type }), name: 'x' }));
      expect(headers.get('content-disposition')).to.equal('attachment; filename="x"');
      expect(headers.get('content-security-policy')).to.match(/^sandbox; default-src 'none'; script-src 'none';/);
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      expect(headers.get('cross-origin-resource-policy')).to.equal('cross-origin');
    }
  });

  it('have no say in the headers that they come with', async () => {
    const names = ['a"; evil="1', 'line\r\nSet-Cookie: a=b', 'snow ☃.txt', '\u202egnp.exe', '../../etc/passwd', 'a\\'];
    for (const name of names) {
      const mxc = await upload(alice, name, { type: 'text/plain', name });
      const { headers, status } = await download(alice, mxc);
      expect(status).to.equal(200);
      expect(headers.get('set-cookie')).to.equal(null);
      const encoded = /^inline; filename(?:\*=utf-8''(.*)|="(.*)")$/.exec(headers.get('content-disposition')!)!;
      expect(encoded[1] === undefined ? encoded[2] : decodeURIComponent(encoded[1])).to.equal(name);
    }
    const odd = await download(alice, await upload(alice, 'x', { type: 'text/plain; charset="a' }));
    expect(odd.headers.get('content-type')).to.equal('application/octet-stream');
    expect((await tryUpload(alice, 'x', { name: 'nul\0' })).status).to.equal(400);
  });

  it('can be given another name, in part, or not at all when the client has them', async () => {
    const mxc = await upload(alice, '0123456789', { type: 'text/plain', name: 'digits' });
    const named = await download(alice, mxc, '/z%C3%A4hler.txt');
    expect(named.headers.get('content-disposition')).to.equal("inline; filename*=utf-8''z%C3%A4hler.txt");
    const part = await download(alice, mxc, '', { headers: { range: 'bytes=2-4' } });
    expect([part.status, String(part.bytes)]).to.deep.equal([206, '234']);
    expect(part.headers.get('content-range')).to.equal('bytes 2-4/10');
    const beyond = await download(alice, mxc, '', { headers: { range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).to.deep.equal([416, 'bytes */10']);
    const etag = named.headers.get('etag')!;
    const known = await download(alice, mxc, '', { headers: { 'if-none-match': etag } });
    expect([known.status, known.bytes.length]).to.deep.equal([304, 0]);
    const head = await download(alice, mxc, '', { method: 'HEAD' });
    expect([head.status, head.bytes.length, head.headers.get('content-length')]).to.deep.equal([200, 0, '10']);
    expect((await download(alice, await upload(alice, ''))).bytes.length).to.equal(0);
  });

  it('with the same content take the space of one', async () => {
    const [one, other] = [await upload(alice, 'the same'), await upload(bob, 'the same', { type: 'text/css' })];
    expect(one).not.to.equal(other);
    const files = sql`SELECT count(DISTINCT hash)::int AS n FROM media WHERE media_id IN (${one.slice(13)}, ${other.slice(13)})`;
    expect(await rows(files)).to.deep.equal([{ n: 1 }]);
    expect((await download(bob, other)).headers.get('content-type')).to.equal('text/css');
  });

  it('that are too large are refused, whatever they say of their size', async () => {
    const sized = await tryUpload(alice, new Uint8Array(LIMIT + 1));
    expect([sized.status, sized.body['errcode']]).to.deep.equal([413, 'M_TOO_LARGE']);
    expect(await endlessUpload(alice)).to.be.oneOf([413, 'hung up']);
    expect(await rows(sql`SELECT count(*)::int AS n FROM media WHERE uploader = ${alice.userId}`)).to.deep.equal([
      { n: 0 },
    ]);
    expect((await download(alice, await upload(alice, Buffer.alloc(LIMIT)))).bytes.length).to.equal(LIMIT);
  });

  it('that are cut short leave nothing behind', async () => {
    const { hostname, port } = new URL(alice.home.url);
    const headers = { authorization: `Bearer ${alice.token}`, 'content-length': '1000' };
    const cut = request({ hostname, port, method: 'POST', path: '/_matrix/media/v3/upload', headers });
    cut.on('error', () => undefined);
    cut.write('half of it');
    await new Promise((resolve) => cut.once('socket', (socket) => socket.once('connect', resolve)));
    cut.destroy();
    while (readdirSync(join(folder, 'drafts')).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await rows(sql`SELECT count(*)::int AS n FROM media WHERE uploader = ${alice.userId}`)).to.deep.equal([
      { n: 0 },
    ]);
    expect(network.server('a.test').errors).to.deep.equal([]);
  });

  it('end at what each user may keep', async () => {
    for (let index = 0; index < 3; index++) await upload(alice, Buffer.alloc(LIMIT, index));
    const more = await tryUpload(alice, new Uint8Array(LIMIT));
    expect([more.status, more.body['errcode']]).to.deep.equal([403, 'M_FORBIDDEN']);
    expect((await tryUpload(alice, 'small')).status).to.equal(200);
    expect((await tryUpload(bob, new Uint8Array(LIMIT))).status).to.equal(200);
  });

  it('have addresses that lead nowhere else', async () => {
    const bad = ['..%2F..%2Fetc', '%2e%2e', 'a.test', 'a%00', 'a%20b', 'ä', '.', 'a'.repeat(256)];
    for (const id of bad) {
      const { status, errcode } = await getFile(url(`/_matrix/client/v1/media/download/a.test/${id}`), {
        headers: { authorization: `Bearer ${alice.token}` },
      });
      expect([id, status, errcode]).to.be.deep.oneOf([
        [id, 400, 'M_INVALID_PARAM'],
        [id, 404, 'M_UNRECOGNIZED'], // the URL parser has made another path of it
      ]);
    }
    for (const server of ['..', 'a.test%2Fb', '%5B%3A%3A1', 'a.test%3A99999']) {
      const { status } = await download(alice, `mxc://${server}/abc`);
      expect(status).to.be.oneOf([400, 404]);
    }
    expect((await download(alice, 'mxc://a.test/nothing')).errcode).to.equal('M_NOT_FOUND');
  });

  it('say how large they may be', async () => {
    for (const path of ['/_matrix/client/v1/media/config', '/_matrix/media/v3/config', '/_matrix/media/r0/config']) {
      const { status, body } = await call('GET', url(path), { token: alice.token });
      expect([status, body]).to.deep.equal([200, { 'm.upload.size': LIMIT }]);
    }
  });

  describe('that are announced', () => {
    const announce = async (person: Person) =>
      (await call('POST', url('/_matrix/media/v1/create'), { token: person.token })).body;

    it('are waited for, and come to whoever waits', async () => {
      const { content_uri: mxc, unused_expires_at: until } = await announce(alice);
      expect(until).to.equal(network.clock.now() + 24 * 3_600_000);
      const waiting = download(bob, mxc);
      const sent = await uploadTo(alice, mxc, 'here it is', { type: 'text/plain', name: 'it.txt' });
      expect(sent).to.deep.equal({ status: 200, body: {} });
      expect(String((await waiting).bytes)).to.equal('here it is');
      expect((await download(bob, mxc)).headers.get('content-disposition')).to.equal('inline; filename="it.txt"');
    });

    it('are not waited for for longer than was asked', async () => {
      const { content_uri: mxc } = await announce(alice);
      const late = await download(bob, mxc, '?timeout_ms=0');
      expect([late.status, late.errcode]).to.deep.equal([504, 'M_NOT_YET_UPLOADED']);
      const waiting = download(bob, mxc, '?timeout_ms=3000');
      const over = new AbortController();
      void waiting.finally(() => over.abort());
      while (!over.signal.aborted) {
        network.clock.advance(100);
        await new Promise(setImmediate);
      }
      expect((await waiting).errcode).to.equal('M_NOT_YET_UPLOADED');
    });

    it('are sent once, in time, and by who announced them', async () => {
      const { content_uri: mxc } = await announce(alice);
      expect((await uploadTo(bob, mxc, 'x')).body['errcode']).to.equal('M_FORBIDDEN');
      expect((await uploadTo(alice, mxc, 'x')).status).to.equal(200);
      const again = await uploadTo(alice, mxc, 'y');
      expect([again.status, again.body['errcode']]).to.deep.equal([409, 'M_CANNOT_OVERWRITE_MEDIA']);
      expect(String((await download(alice, mxc)).bytes)).to.equal('x');
      const ready = await upload(alice, 'made in the other way');
      expect((await uploadTo(alice, ready, 'x')).status).to.equal(409);
      for (const unknown of ['mxc://a.test/unknown', 'mxc://b.test/unknown']) {
        expect((await uploadTo(alice, unknown, 'x')).body['errcode']).to.equal('M_NOT_FOUND');
      }
      const { content_uri: late } = await announce(alice);
      network.clock.advance(24 * 3_600_000);
      expect((await uploadTo(alice, late, 'x')).body['errcode']).to.equal('M_NOT_FOUND');
      expect((await download(bob, late)).errcode).to.equal('M_NOT_FOUND');
    });

    it('are only so many at a time', async () => {
      const first = await announce(alice);
      await announce(alice);
      expect((await announce(alice)).errcode).to.equal('M_LIMIT_EXCEEDED');
      await uploadTo(alice, first.content_uri, 'x');
      expect((await announce(alice)).content_uri).to.be.a('string');
      expect((await announce(bob)).content_uri).to.be.a('string');
    });
  });
});

/** Sends until somebody says stop: the status, unless the server just hung up, as it may on who goes on talking. */
const endlessUpload = async ({ home, token }: Person): Promise<number | 'hung up'> => {
  const { hostname, port } = new URL(home.url);
  const headers = { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' };
  const sending = request({ hostname, port, method: 'POST', path: '/_matrix/media/v3/upload', headers });
  const over = new Promise<number | 'hung up'>((resolve) => {
    sending.on('response', ({ statusCode }) => resolve(statusCode!));
    sending.on('error', () => resolve('hung up'));
  });
  const chunk = Buffer.alloc(65_536);
  const send = () => {
    while (!sending.destroyed && sending.write(chunk));
  };
  sending.on('drain', send);
  send();
  return over.finally(() => sending.destroy());
};

describe('files asked for in the way of before 1.11', () => {
  it('are shown to whoever sends a token, as some clients of then do, and to nobody else', async () => {
    await using network = await TestNetwork.with({ names: ['a.test'] });
    const alice = await network.person('alice', 'a.test');
    const picture = await sharp({ create: { width: 99, height: 99, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const path = pathOfMxc(await upload(alice, picture));
    const old = async (token: string | undefined): Promise<unknown[]> => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const wanted = [
        `download/${path}`,
        `download/${path}/name.png`,
        `thumbnail/${path}?width=32&height=32&method=crop`,
      ];
      const ask = (what: string) => getFile(`${alice.home.url}/_matrix/media/v3/${what}`, { headers });
      const answers = await Promise.all(wanted.map(ask));
      return answers.map(({ status, headers: got, errcode }) => [status, errcode ?? got.get('cache-control')]);
    };
    const shown = [200, 'private, max-age=86400, immutable'];
    expect(await old(alice.token)).to.deep.equal([shown, shown, shown]);
    const hidden = [404, 'M_NOT_FOUND'];
    expect(await old(undefined)).to.deep.equal([hidden, hidden, hidden]);
    const stranger = [401, 'M_UNKNOWN_TOKEN'];
    expect(await old('nonsense')).to.deep.equal([stranger, stranger, stranger]);
  });
});

describe('files on a server that shows them to all', () => {
  it('are there without a token, also when it does so no more; what comes then is not', async () => {
    const media = { allow_unauthenticated: true };
    await using network = await TestNetwork.with({ names: ['a.test'], config: { media } });
    const alice = await network.person('alice', 'a.test');
    const old = async (mxc: string) =>
      (await getFile(`${network.server('a.test').url}/_matrix/media/r0/download/${pathOfMxc(mxc)}`)).status;
    const before = await upload(alice, 'old');
    expect(await old(before)).to.equal(200);
    media.allow_unauthenticated = false;
    await network.stop('a.test');
    await network.start('a.test');
    const after = await upload(alice, 'new');
    expect([await old(before), await old(after)]).to.deep.equal([200, 404]);
  });
});
