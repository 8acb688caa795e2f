import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { clientEndpoint } from '@holm/spec/endpoint';
import { nothing } from '@holm/spec/formats';
import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { followCertificate, readCertificate } from '../platform/tls.ts';
import { createTestApp } from '../testing/http.ts';
import type { ListenerOptions } from './bind.ts';
import { listen } from './listen.ts';
import { route } from './route.ts';

const wait = clientEndpoint({
  operationId: 'wait',
  method: 'GET',
  path: '/_matrix/client/v3/wait',
  auth: 'none',
  params: nothing,
  query: Type.Object({ stubborn: Type.Optional(Type.Boolean()) }),
  body: nothing,
  response: Type.Object({}),
});

const anywhere: ListenerOptions = { address: '127.0.0.1', port: 0, resources: ['client'], trusted_proxies: [] };

const start = (options: Partial<ListenerOptions> = {}) => {
  const entered = Promise.withResolvers<void>();
  const app = createTestApp([
    route(wait, async ({ signal, query }) => {
      entered.resolve();
      if (!signal.aborted && query.stubborn !== true) await new Promise((go) => signal.addEventListener('abort', go));
      if (query.stubborn === true) await new Promise(() => undefined);
      return {};
    }),
  ]);
  const started = listen([{ ...anywhere, ...options }], { app, clock: systemClock, log: silentLog });
  return started.then((listening) => ({ ...listening, entered: entered.promise, url: listening.urls[0] ?? '' }));
};

describe('listeners', () => {
  it('say in one sentence that a port is in use', async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);
    const error: unknown = await start({ port }).catch((reason: unknown) => reason);
    expect(error).to.include({
      name: 'ListenError',
      message: `port ${port} of 127.0.0.1 is in use by another program`,
    });
    await first.close(1000);
  });

  it('pass over an address that the machine does not have, unless there is no other', async () => {
    const both = await start({ address: ['127.0.0.1', '192.0.2.1'] });
    expect(both.urls).to.have.length(1);
    await both.close(1000);
    const error = (await start({ address: '192.0.2.1' }).catch((reason: unknown) => reason)) as Error;
    expect(error.message).to.equal('this machine has no address 192.0.2.1');
  });

  it('let long polls answer when they stop, and accept nobody after', async () => {
    const { url, close, entered } = await start();
    const pending = fetch(`${url}/_matrix/client/v3/wait`);
    await entered;
    const closing = close(5000);
    expect((await pending).status).to.equal(200);
    await closing;
    expect(await fetch(url).catch(() => 'refused')).to.equal('refused');
  });

  it('cut off what does not end', async () => {
    const { url, close, entered } = await start();
    const pending = fetch(`${url}/_matrix/client/v3/wait?stubborn=true`).catch(() => 'cut off');
    await entered;
    await close(50);
    expect(await pending).to.equal('cut off');
  });

  it('wait for nobody who has connected and said nothing', async () => {
    const { url, close } = await start();
    const socket = connectPlain(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    await taken(url);
    await endsWith(close, socket);
  });

  it('refuse nonsense among the trusted proxies', async () => {
    const error = (await start({ trusted_proxies: ['home'] }).catch((reason: unknown) => reason)) as Error;
    expect(error.message).to.equal('trusted_proxies: not an IP address or range: home');
  });

  describe('with TLS', () => {
    let folder: string;
    let tls: { certificate: string; key: string; hsts_seconds: number };
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'holm-tls-'));
      tls = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), hsts_seconds: 0 };
      makeCertificate(tls);
    });
    after(() => rmSync(folder, { recursive: true }));

    it('serve HTTPS, from TLS 1.2 on', async () => {
      const { url, close } = await start({ tls });
      const status = await new Promise((resolve, reject) => {
        get(`${url}/_matrix/client/v3/nothing`, { rejectUnauthorized: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
      expect(status).to.equal(404);
      const old = await new Promise((resolve) => {
        const port = Number(new URL(url).port);
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1' as const };
        const socket = connect({ ...options, maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
        socket.on('secureConnect', () => resolve('accepted'));
        socket.on('error', () => resolve('refused'));
      });
      expect(old).to.equal('refused');
      await close(500);
    });

    it('wait for nobody who has connected and said nothing', async () => {
      const { url, close } = await start({ tls });
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'session');
      await endsWith(close, socket);
    });

    it('take up a renewed certificate, and keep the old one while the pair does not fit', async () => {
      const { certificate, key } = tls;
      const taken: string[] = [];
      const changed = Promise.withResolvers<void>();
      const server = {
        setSecureContext: ({ cert }: { cert?: unknown }) => {
          taken.push(String(cert));
          changed.resolve();
        },
      };
      using _ = followCertificate(server, tls, { log: silentLog, lookEveryMs: 20 });
      const [oldKey, oldCertificate] = [readFileSync(key), readFileSync(certificate)];
      // What the files were before is looked at behind all else that the threads of this process have to do.
      while (taken.length === 0) {
        makeCertificate(tls);
        await Promise.race([changed.promise, setTimeout(1_000)]);
      }
      expect(taken.at(-1)).to.equal(readFileSync(certificate, 'utf8')).and.not.equal(oldCertificate.toString());
      writeFileSync(key, oldKey);
      expect(() => readCertificate(tls)).to.throw();
      writeFileSync(certificate, oldCertificate);
      readCertificate(tls);
    });

    it('say so when the certificate cannot be used', async () => {
      const bad = { ...tls, key: tls.certificate };
      const error = (await start({ tls: bad }).catch((reason: unknown) => reason)) as Error;
      expect(error.message).to.contain(`cannot use the certificate ${tls.certificate}`);
    });
  });
});

/** An answer that came over another connection: the server has taken those that were made before. */
const taken = async (url: string): Promise<void> => {
  const answer = await fetch(url, { headers: { connection: 'close' } });
  await answer.arrayBuffer();
};

/** Closes, with an hour to wait. */
const endsWith = async (close: (graceMs: number) => Promise<void>, socket: Socket): Promise<void> => {
  // It may be reset.
  const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  await close(3_600_000);
  await closed;
};

const makeCertificate = ({ certificate, key }: { certificate: string; key: string }): void => {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...args, '-subj', '/CN=localhost', '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
};
