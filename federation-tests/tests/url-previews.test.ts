import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import sharp from 'sharp';
import { download } from '../src/files.ts';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

const AUTHED = '/_matrix/client/v1/media/preview_url';
const HTML = { 'content-type': 'text/html; charset=utf-8' };

const ask = ({ home, token }: Person, url: string, path = AUTHED): Promise<Answer> =>
  call('GET', `${home.url}${path}?url=${encodeURIComponent(url)}`, { token });

describe('previews of links', () => {
  let web: Server;
  let site: string;
  let network: TestNetwork;
  let alice: Person;
  const pages = new Map<string, RequestListener>();
  const asked: string[] = [];

  before(async () => {
    web = createServer((request, response) => {
      asked.push(request.url!);
      const page = pages.get(request.url!);
      if (page) page(request, response);
      else response.writeHead(404, HTML).end('<title>Not found</title>');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const config = {
      media: { url_previews: { enabled: true, denied_hosts: ['*.bad.test', 'localhost'], max_picture_bytes: 100_000 } },
      outgoing: { previews: { allow_private_addresses: true, timeout_ms: 1_000 } },
    };
    network = await TestNetwork.with({ names: ['a.test'], config });
    alice = await network.person('alice', 'a.test');
  });
  beforeEach(() => {
    pages.clear();
    asked.length = 0;
  });
  after(async () => {
    web.closeAllConnections();
    web.close();
    await network[Symbol.asyncDispose]();
  });

  const page = (path: string, html: string, headers: Record<string, string> = HTML) =>
    pages.set(path, (_, response) => response.writeHead(200, headers).end(html));
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'olive' } })
      .png()
      .toBuffer();

  it('show what the page says, with its picture from here', async () => {
    const png = await picture(64, 32);
    page(
      '/tea',
      '<head><title>x</title><meta property="og:title" content="Tea"><meta property="og:image" content="/pot.png">',
    );
    pages.set('/pot.png', (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png));
    const { status, body } = await ask(alice, `${site}/tea#hot`);
    expect(status).to.equal(200);
    expect(body).to.deep.include({
      'og:title': 'Tea',
      'og:url': `${site}/tea`,
      'og:image:type': 'image/png',
      'og:image:width': 64,
      'og:image:height': 32,
      'matrix:image:size': png.length,
    });
    const file = await download(alice, body['og:image']);
    expect([file.status, file.bytes.equals(png)]).to.deep.equal([200, true]);
    // Asked for once, by whichever name.
    for (const path of ['/_matrix/media/v3/preview_url', '/_matrix/media/r0/preview_url', AUTHED]) {
      expect((await ask(alice, `${site}/tea`, path)).body).to.deep.equal(body);
    }
    expect(asked).to.deep.equal(['/tea', '/pot.png']);
    network.clock.advance(60 * 60_000);
    await ask(alice, `${site}/tea`);
    expect(asked).to.have.length(4);
  });

  it('of one page are made once for all who ask at the same time', async () => {
    page('/busy', '<title>Busy</title>');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(alice, `${site}/busy`)));
    for (const { body } of answers) expect(body).to.include({ 'og:title': 'Busy' });
    expect(asked).to.deep.equal(['/busy']);
  });

  it('of pictures are the pictures, of other files nothing, whatever they say of themselves', async () => {
    const png = await picture(9, 9);
    pages.set('/p', (_, response) => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(png));
    expect((await ask(alice, `${site}/p`)).body).to.include({ 'og:image:type': 'image/png', 'og:image:width': 9 });
    page('/pdf', '%PDF', { 'content-type': 'application/pdf' });
    expect((await ask(alice, `${site}/pdf`)).body).to.deep.equal({});
    page('/svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', { 'content-type': 'image/svg+xml' });
    expect((await ask(alice, `${site}/svg`)).body).to.deep.equal({});
  });

  it('do without a picture that cannot be had', async () => {
    const large = Buffer.alloc(100_001);
    pages.set('/large.png', (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(large));
    for (const address of [
      '/nothing.png',
      '/large.png',
      'http://sub.bad.test/x.png',
      'file:///etc/passwd',
      'data:image/png;base64,AAAA',
      'http://[',
    ]) {
      const path = `/page${encodeURIComponent(address)}`;
      page(path, `<title>t</title><meta property="og:image" content="${address}">`);
      expect((await ask(alice, `${site}${path}`)).body, address).to.deep.equal({
        'og:title': 't',
        'og:url': `${site}${path}`,
      });
    }
  });

  it('take no more of a page than its head, and no more time than is sensible', async () => {
    let sent = 0;
    pages.set('/endless', (_, response) => {
      response.writeHead(200, HTML).write('<head><title>Endless</title></head><body>');
      const chunk = Buffer.alloc(65_536, 'x');
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    expect((await ask(alice, `${site}/endless`)).body).to.include({ 'og:title': 'Endless' });
    expect(sent).to.be.lessThan(20_000_000);
    pages.set('/slow', (_, response) => response.writeHead(200, HTML).write('<title>'));
    const { status, body } = await ask(alice, `${site}/slow`);
    expect([status, body.errcode]).to.deep.equal([502, 'M_UNKNOWN']);
    // It is not tried again at once.
    await ask(alice, `${site}/slow`);
    expect(asked.filter((path) => path === '/slow')).to.have.length(1);
    const loop = (_: unknown, response: Parameters<RequestListener>[1]) =>
      response.writeHead(302, { location: '/loop' }).end();
    pages.set('/loop', loop);
    expect((await ask(alice, `${site}/loop`)).status).to.equal(502);
  });

  it('are not shown of what is no page, or is denied', async () => {
    for (const url of ['', 'nonsense', 'file:///etc/passwd', 'ftp://127.0.0.1/']) {
      expect((await ask(alice, url)).status, url).to.equal(400);
    }
    for (const url of [
      'http://x.bad.test/',
      `${site.replace('//', '//user:secret@')}/`,
      site.replace('127.0.0.1', 'localhost'),
    ]) {
      const { status, body } = await ask(alice, url);
      expect([url, status, body.errcode]).to.deep.equal([url, 403, 'M_FORBIDDEN']);
    }
    pages.set('/away', (_, response) =>
      response.writeHead(302, { location: site.replace('127.0.0.1', 'localhost') }).end(),
    );
    expect((await ask(alice, `${site}/away`)).body).to.not.have.property('og:title');
    expect((await call('GET', `${alice.home.url}${AUTHED}?url=x`)).status).to.equal(401);
  });

  it('go with the files of other servers', async () => {
    pages.set(
      '/old.png',
      (_, response) =>
        void picture(5, 5).then((png) => response.writeHead(200, { 'content-type': 'image/png' }).end(png)),
    );
    const mxc = String((await ask(alice, `${site}/old.png`)).body['og:image']);
    network.clock.advance(31 * 24 * 3_600_000);
    await network.server('a.test').running.services.media.upkeep.run();
    expect((await download(alice, mxc)).status).to.equal(404);
    expect(await network.server('a.test').rows(sql`SELECT FROM media WHERE uploader IS NULL`)).to.have.length(0);
  });

  it('never come from inside of our own network, and are off unless they are switched on', async () => {
    const guarded = { media: { url_previews: { enabled: true } } };
    await using safe = await TestNetwork.with({ names: ['b.test'], config: guarded });
    const bob = await safe.person('bob', 'b.test');
    page('/', '<title>Inside</title>');
    const { port } = web.address() as AddressInfo;
    for (const host of [
      '127.0.0.1',
      'localhost',
      '127.1',
      '2130706433',
      '0x7f.1',
      '[::ffff:7f00:1]',
      '0.0.0.0',
      '169.254.169.254',
    ]) {
      const { status, body } = await ask(bob, `http://${host}:${port}/`);
      expect([host, status, body.errcode]).to.deep.equal([host, 502, 'M_UNKNOWN']);
    }
    expect(asked).to.deep.equal([]);
    await using quiet = await TestNetwork.start('c.test');
    const { status, body } = await ask(await quiet.person('carol', 'c.test'), `${site}/`);
    expect([status, body.errcode, asked]).to.deep.equal([404, 'M_UNRECOGNIZED', []]);
  });
});
