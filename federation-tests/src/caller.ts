import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { CallHouse } from './call-house.ts';
import type { Person } from './people.ts';

/** Fake devices, no questions, and nothing of the browser's own out to the network. Pages behind others go on. */
export const CALL_FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--auto-accept-this-tab-capture', '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns', '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
]; // prettier-ignore

/** The packages under which versions of livekit-client are installed. */
export type ClientPackage = 'livekit-client' | `livekit-client-${string}`;

export interface JoinOptions {
  readonly codec?: 'vp8' | 'vp9' | 'h264';
  /** A key of end-to-end encryption that all share. */
  readonly key?: string;
  readonly call?: string;
  /** Only TCP gets through. */
  readonly tcp?: boolean;
}

/** What one sees and hears of somebody's track. */
export interface Seen {
  readonly isMuted: boolean;
  readonly isSubscribed: boolean;
  readonly isEncrypted: boolean;
  readonly isSpeaking: boolean;
  readonly mimeType?: string;
  readonly frames?: number;
  readonly width?: number;
  readonly bytes?: number;
  readonly energy?: number;
}

export type Source = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

/** A browser, and the page that it shows, with one version of livekit-client. */
export class CallStage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #server: Server;

  private constructor(browser: Browser, context: BrowserContext, server: Server) {
    this.#browser = browser;
    this.#context = context;
    this.#server = server;
  }

  static async open(executablePath: string, client: ClientPackage): Promise<CallStage> {
    const server = await serve(client);
    const browser = await chromium.launch({ executablePath, args: CALL_FLAGS });
    return new CallStage(browser, await browser.newContext(), server);
  }

  async caller(house: CallHouse, person: Person): Promise<Caller> {
    const page = await this.#context.newPage();
    await page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
    return new Caller(page, house, person);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

const serve = async (client: ClientPackage): Promise<Server> => {
  const dist = new URL('./', import.meta.resolve(client));
  const files: Readonly<Record<string, string>> = {
    '/client.js': readFileSync(new URL('livekit-client.umd.js', dist), 'utf8'),
    '/e2ee.js': readFileSync(new URL('livekit-client.e2ee.worker.js', dist), 'utf8'),
  };
  const page = readFileSync(new URL('../calls/page.html', import.meta.url), 'utf8');
  const server = createServer(({ url = '/' }, response) => {
    const script = files[url];
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

/** A person in a browser. */
export class Caller {
  readonly page: Page;
  readonly house: CallHouse;
  readonly person: Person;
  readonly identity: string;

  constructor(page: Page, house: CallHouse, person: Person) {
    this.page = page;
    this.house = house;
    this.person = person;
    this.identity = house.grantFor(person).identity;
  }

  /** Runs a piece of script in the page, in which `call` and `room` are there. */
  run<T>(script: string): Promise<T> {
    return this.page.evaluate<T>(`(async () => { const { room } = call; ${script} })()`);
  }

  /** Resolves to how long it took, in milliseconds. */
  join({ call, ...options }: JoinOptions = {}): Promise<number> {
    const { house, person } = this;
    const args = [house.signallingUrl, house.tokenFor(person, call), options].map((each) => JSON.stringify(each));
    return this.run<number>(`return call.join(${args.join(', ')});`);
  }

  publish(): Promise<void> {
    return this.run('await call.publish();');
  }

  hangUp(): Promise<void> {
    return this.run('await room.disconnect();');
  }

  seen(other: Caller, source: Source): Promise<Seen | undefined> {
    return this.run(`return call.seen(${JSON.stringify(other.identity)}, ${JSON.stringify(source)});`);
  }

  layers(): Promise<readonly { readonly rid?: string; readonly isActive: boolean; readonly mode?: string }[]> {
    return this.run('return call.layers();');
  }

  state(): Promise<string> {
    return this.run('return room.state;');
  }
}
