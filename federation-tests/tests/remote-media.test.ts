import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { testCertificate, testCertificateKey } from '@holm/homeserver/federation/testing/tls';
import { sql } from '@holm/homeserver/storage/sql';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import sharp from 'sharp';
import { download, getFile, pathOfMxc, thumbnail, upload, uploadTo } from '../src/files.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

const LIMIT = 100_000;
const NEW = '/_matrix/federation/v1/media/download/';
const OLD = '/_matrix/media/v3/download/';

describe('files of other servers', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'b.test')];
  });
  after(() => network[Symbol.asyncDispose]());

  it('come with their types and names, once for however many ask', async () => {
    const content = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => (index * 31) % 253));
    const mxc = await upload(alice, content, { type: 'video/mp4', name: 'Fähre.mp4' });
    const before = network.link('b.test', 'a.test').bytes;
    const answers = await Promise.all(Array.from({ length: 8 }, () => download(bob, mxc)));
    for (const { status, headers, bytes } of [...answers, await download(bob, mxc)]) {
      expect(status).to.equal(200);
      expect(bytes.equals(content)).to.equal(true);
      expect(headers.get('content-type')).to.equal('video/mp4');
      expect(headers.get('content-disposition')).to.equal("inline; filename*=utf-8''F%C3%A4hre.mp4");
    }
    expect(network.link('b.test', 'a.test').bytes - before).to.be.within(content.length, content.length + 20_000);
  });

  it('are there when their server is not, once they have been seen', async () => {
    const [seen, unseen] = [await upload(alice, 'seen'), await upload(alice, 'unseen')];
    await download(bob, seen);
    network.cut('a.test', 'b.test');
    expect(String((await download(bob, seen)).bytes)).to.equal('seen');
    const { status, errcode } = await download(bob, unseen);
    expect([status, errcode]).to.deep.equal([502, 'M_UNKNOWN']);
    await network.heal('a.test', 'b.test');
    expect(String((await download(bob, unseen)).bytes)).to.equal('unseen');
  });

  it('can be seen small', async () => {
    const picture = await sharp({ create: { width: 400, height: 400, channels: 3, background: 'navy' } })
      .jpeg()
      .toBuffer();
    const { status, bytes } = await thumbnail(bob, await upload(alice, picture), 'width=96&height=96');
    expect([status, (await sharp(bytes).metadata()).width]).to.deep.equal([200, 96]);
  });

  it('are waited for when they are announced', async () => {
    const { body } = await call('POST', `${alice.home.url}/_matrix/media/v1/create`, { token: alice.token });
    const mxc = String(body.content_uri);
    expect((await download(bob, mxc, '?timeout_ms=0')).errcode).to.equal('M_NOT_YET_UPLOADED');
    const waiting = download(bob, mxc);
    await uploadTo(alice, mxc, 'late');
    expect(String((await waiting).bytes)).to.equal('late');
  });

  it('that are not there are not asked for again and again', async () => {
    const mxc = 'mxc://a.test/nothing';
    const ask = async () => (await download(bob, mxc)).errcode;
    expect(await ask()).to.equal('M_NOT_FOUND');
    const before = network.link('b.test', 'a.test').bytes;
    expect([await ask(), await ask()]).to.deep.equal(['M_NOT_FOUND', 'M_NOT_FOUND']);
    expect(network.link('b.test', 'a.test').bytes).to.equal(before);
    network.clock.advance(5 * 60_000);
    await ask();
    expect(network.link('b.test', 'a.test').bytes).to.be.greaterThan(before);
  });

  it('are not fetched for those without a token', async () => {
    const path = pathOfMxc(await upload(alice, 'x'));
    const before = network.link('b.test', 'a.test').bytes;
    for (const rest of ['', '?allow_remote=false', '?allow_remote=true']) {
      expect((await getFile(`${bob.home.url}${OLD}${path}${rest}`)).status).to.equal(404);
    }
    expect(network.link('b.test', 'a.test').bytes).to.equal(before);
  });

  it('go when nobody has looked at them for long, and are fetched again', async () => {
    const server = network.server('b.test');
    const kept = async (mxc: string) =>
      (
        await server.rows(
          sql`SELECT FROM media_files JOIN media USING (hash) WHERE media_id = ${pathOfMxc(mxc).split('/')[1]}`,
        )
      ).length;
    const [forgotten, used] = [await upload(alice, 'forgotten'), await upload(alice, 'in use')];
    for (const mxc of [forgotten, used]) await download(bob, mxc);
    network.clock.advance(20 * 24 * 3_600_000);
    await download(bob, used);
    await network.settle();
    network.clock.advance(20 * 24 * 3_600_000);
    await server.running.services.media.upkeep.run();
    expect([await kept(forgotten), await kept(used)]).to.deep.equal([0, 1]);
    expect(
      await server.rows(sql`SELECT FROM media_files f WHERE NOT EXISTS (SELECT FROM media m WHERE m.hash = f.hash)
                                   AND NOT EXISTS (SELECT FROM media_thumbnails t WHERE t.thumbnail = f.hash)`),
    ).to.have.length(0);
    expect(String((await download(bob, forgotten)).bytes)).to.equal('forgotten');
    // Those of its own users stay, however old they are.
    await network.server('a.test').running.services.media.upkeep.run();
    expect(String((await download(alice, forgotten)).bytes)).to.equal('forgotten');
  });
});

/** What a server may say that wishes us no good. */
describe('files of a rogue server', () => {
  let rogue: Rogue;
  let network: TestNetwork;
  let alice: Person;
  let count = 0;

  before(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    const config = {
      media: { max_remote_bytes: LIMIT, remote_cache_bytes: 3 * LIMIT },
      outgoing: { media: { allow_private_addresses: true, verify_certificates: false, timeout_ms: 2_000 } },
    };
    network = await TestNetwork.with({ names: ['a.test'], strangers: { 'rogue.test': rogue.url }, config });
    alice = await network.person('alice', 'a.test');
  });
  beforeEach(() => {
    rogue.answers.clear();
    rogue.asked.length = 0;
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const newMxc = () => `mxc://rogue.test/file${count++}`;
  const says = (path: string, headers: Record<string, string>, ...chunks: (string | Buffer)[]) =>
    rogue.answers.set(path, () => ({
      status: 200,
      body: null,
      raw: { headers, chunks: chunks.map((one) => Buffer.from(one as string)) },
    }));
  const mixed = { 'content-type': 'multipart/mixed; boundary=b' };
  const meta = '--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\n';

  it('are read as the specification has them', async () => {
    says(
      NEW,
      mixed,
      meta,
      'Content-Type: text/plain\r\nContent-Disposition: inline; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n',
    );
    const { bytes, headers } = await download(alice, newMxc());
    expect([String(bytes), headers.get('content-disposition')]).to.deep.equal(['hello', 'inline; filename="a.txt"']);
    expect(rogue.asked.at(-1)).to.match(/^\/_matrix\/federation\/v1\/media\/download\/file\d+\?timeout_ms=20000$/);
  });

  it('are asked for in the old way of servers that do not know the new one, and of no others', async () => {
    says(OLD, { 'content-type': 'image/gif', 'content-disposition': 'attachment; filename=old.gif' }, 'old');
    const { bytes, headers } = await download(alice, newMxc());
    expect([String(bytes), headers.get('content-disposition')]).to.deep.equal(['old', 'inline; filename="old.gif"']);
    expect(rogue.asked.at(-1)).to.match(/^\/_matrix\/media\/v3\/download\/rogue\.test\/file\d+\?allow_remote=false&/);
    rogue.asked.length = 0;
    rogue.answers.set(NEW, () => ({ status: 404, body: { errcode: 'M_NOT_FOUND', error: 'gone' } }));
    expect((await download(alice, newMxc())).errcode).to.equal('M_NOT_FOUND');
    expect(rogue.asked.filter((path) => path.startsWith(OLD))).to.deep.equal([]);
  });

  it('cannot make headers or pages of ours out of what they say', async () => {
    const evil =
      'Content-Type: text/html\r\nContent-Disposition: inline; filename="a\\"b\r\n c"\r\nSet-Cookie: a=b\r\nX-Evil: 1';
    says(NEW, mixed, meta, evil, '\r\n\r\n<script>\r\n--b--');
    const { headers, status } = await download(alice, newMxc());
    expect(status).to.equal(200);
    expect(headers.get('content-disposition')).to.equal("attachment; filename*=utf-8''a%22b%20c");
    expect([headers.get('set-cookie'), headers.get('x-evil')]).to.deep.equal([null, null]);
  });

  it('that are cut short, or make no sense, are not there at all', async () => {
    const lies: readonly (readonly [Record<string, string>, string])[] = [
      [mixed, ''],
      [mixed, meta],
      [mixed, `${meta}Content-Type: text/plain\r\n\r\nhalf`],
      [mixed, '--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--'],
      [mixed, `--b\r\n${'a: b\r\n'.repeat(5_000)}`],
      [{ ...mixed, 'content-length': '5000', connection: 'close' }, `${meta}\r\nshort`],
    ];
    for (const [headers, body] of lies) {
      says(NEW, headers, body);
      const mxc = newMxc();
      const { status, errcode } = await download(alice, mxc);
      expect([body.slice(0, 40), status, errcode]).to.deep.equal([body.slice(0, 40), 502, 'M_UNKNOWN']);
      expect(
        await network.server('a.test').rows(sql`SELECT FROM media WHERE media_id = ${mxc.slice(17)}`),
      ).to.have.length(0);
    }
  });

  it('that are too large, or have no end, are not taken', async () => {
    const chunk = Buffer.alloc(50_000);
    const endless = function* () {
      yield Buffer.from(`${meta}\r\n`);
      for (;;) yield chunk;
    };
    rogue.answers.set(NEW, () => ({ status: 200, body: null, raw: { headers: mixed, chunks: endless() } }));
    for (const answer of [await download(alice, newMxc()), await thumbnail(alice, newMxc(), 'width=9&height=9')]) {
      expect([answer.status, answer.errcode]).to.deep.equal([502, 'M_TOO_LARGE']);
    }
    says(NEW, mixed, meta, '\r\n', Buffer.alloc(LIMIT + 1), '\r\n--b--');
    expect((await download(alice, newMxc())).errcode).to.equal('M_TOO_LARGE');
    says(NEW, mixed, meta, '\r\n', Buffer.alloc(LIMIT), '\r\n--b--');
    expect((await download(alice, newMxc())).bytes.length).to.equal(LIMIT);
  });

  it('take only so much space', async () => {
    for (let index = 0; index < 5; index++) {
      says(NEW, mixed, meta, '\r\n', Buffer.alloc(LIMIT, index), '\r\n--b--');
      await download(alice, newMxc());
      network.clock.advance(1_000);
    }
    await network.server('a.test').running.services.media.upkeep.run();
    const [kept] = await network
      .server('a.test')
      .rows<{ bytes: number }>(sql`SELECT sum(size)::int AS bytes FROM media_files`);
    expect(kept!.bytes).to.be.within(2 * LIMIT, 3 * LIMIT);
  });

  describe('that are elsewhere', () => {
    const elsewhere = async (
      reply: (path: string) => { status?: number; headers?: Record<string, string>; body: string },
    ) => {
      const server = createServer({ cert: testCertificate, key: testCertificateKey }, (request, response) => {
        const { status = 200, headers = {}, body } = reply(request.url ?? '');
        response.writeHead(status, headers).end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return { url, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
    };
    const redirect = (location: string) => says(NEW, mixed, meta, `Location: ${location}\r\n\r\n\r\n--b--`);

    it('are got from there, in both ways in which that is said', async () => {
      await using there = await elsewhere((path) => ({
        headers: { 'content-type': 'text/css', connection: 'close' },
        body: path,
      }));
      redirect(`${there.url}/new`);
      expect(String((await download(alice, newMxc())).bytes)).to.equal('/new');
      rogue.answers.clear();
      const raw = { headers: { location: `${there.url}/old` }, chunks: [] };
      rogue.answers.set(OLD, () => ({ status: 307, body: null, raw }));
      const { bytes, headers } = await download(alice, newMxc());
      expect([String(bytes), headers.get('content-type')]).to.deep.equal(['/old', 'text/css']);
    });

    it('are not got in the clear, nor by way of it, nor when they are too large', async () => {
      await using there = await elsewhere((path) => ({
        status: path === '/down' ? 302 : 200,
        headers: { location: `${rogue.url}/_matrix/key/v2/server`, connection: 'close' },
        body: 'x'.repeat(path === '/large' ? LIMIT + 1 : 1),
      }));
      for (const location of [`${rogue.url}/x`, `${there.url}/down`, 'file:///etc/passwd', 'nonsense', '/x', '']) {
        redirect(location);
        expect((await download(alice, newMxc())).status, location).to.equal(502);
      }
      redirect(`${there.url}/large`);
      expect((await download(alice, newMxc())).errcode).to.equal('M_TOO_LARGE');
      expect(rogue.asked.filter((path) => path === '/x')).to.deep.equal([]);
    });
  });

  it('are never got from inside of our own network', async () => {
    await using guarded = await TestNetwork.with({ names: ['c.test'], strangers: { 'rogue.test': rogue.url } });
    const carol = await guarded.person('carol', 'c.test');
    let reached = 0;
    const inside = createServer({ cert: testCertificate, key: testCertificateKey }, () => reached++);
    inside.on('connection', () => reached++);
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', '127.1', '0x7f000001', '[::ffff:127.0.0.1]', '2130706433']) {
      says(NEW, mixed, meta, `Location: https://${host}:${port}/\r\n\r\n\r\n--b--`);
      expect((await download(carol, newMxc())).status, host).to.equal(502);
    }
    expect(reached).to.equal(0);
    inside.close();
  });
});
