import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Frame, type Page } from 'playwright-core';
import type { CallTown } from './call-town.ts';
import { CALL_FLAGS } from './caller.ts';
import type { Person } from './people.ts';

/**
 * How Element Call says who is in a call: by state events, as all its versions know them, or by sticky events with
 * identities that do not say who it is ("Matrix 2.0").
 */
export type RtcMode = 'compatibility' | 'matrix_2_0';

/**
 * The program as Element publishes it. It is under the AGPL: we only ever run it here, unchanged, as users of our server
 * do; nothing of it is copied into Holm or shipped with it.
 */
const PROGRAM = fileURLToPath(new URL('dist/', import.meta.resolve('@element-hq/element-call-embedded/package.json')));
const WIDGET_API = fileURLToPath(new URL('../dist/api.js', import.meta.resolve('matrix-widget-api')));
const HOST = fileURLToPath(new URL('../calls/element-call/', import.meta.url));

/** What whoever serves Element Call may set: small pictures, so that four fit on two cores, and new keys soon. */
const settingsOf = (mode: RtcMode): object => ({
  ...(JSON.parse(readFileSync(join(PROGRAM, 'config.json'), 'utf8')) as object),
  matrix_rtc_mode: mode,
  media_quality: {
    video: { max_resolution: 180, max_framerate: 10, max_bitrate: 200_000 },
    screen_share: { max_resolution: 360, max_framerate: 5, max_bitrate: 300_000 },
  },
  matrix_rtc_session: { wait_for_key_rotation_ms: 1_000 },
});

/** What a page gets of one track. */
interface Incoming {
  /** The SFU's id of the participant. */
  readonly from?: string;
  readonly stream?: string;
  readonly trackId: string;
  readonly kind: 'audio' | 'video';
  /** Frames that were decoded, or the energy of the sound: it grows while there is something to see or hear. */
  readonly amount: number;
}

/** A browser, and where it gets Element Call and a page around it from. */
export class ElementCallStage implements AsyncDisposable {
  readonly #town: CallTown;
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(town: CallTown, browser: Browser, server: Server) {
    this.#town = town;
    this.#browser = browser;
    this.#server = server;
  }

  static async open(executablePath: string, town: CallTown): Promise<ElementCallStage> {
    const server = createServer(({ url = '/' }, response) => {
      const { pathname } = new URL(url, 'http://host');
      const answer = answerTo(pathname);
      response.statusCode = answer === undefined ? 404 : 200;
      response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream');
      if (answer === undefined || 'text' in answer) response.end(answer?.text);
      else createReadStream(answer.file).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ElementCallStage(town, await chromium.launch({ executablePath, args: FLAGS }), server);
  }

  /** Somebody who is in the call of a room, with camera and microphone on, and a browser profile of their own. */
  async enter(person: Person, room: string, mode: RtcMode): Promise<ElementCaller> {
    const context = await this.#browser.newContext({ viewport: { width: 960, height: 720 }, locale: 'en' });
    await context.addInitScript({ path: join(HOST, 'connections.js') });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/host.html`);
    const { userId, deviceId, token } = person;
    const session = { url: this.#town.address(person), userId, deviceId, token, roomId: room };
    await page.evaluate(`openCall(${JSON.stringify(session)}, '/${mode}/')`);
    const caller = new ElementCaller(this.#town, person, [context, page]);
    await caller.frame.getByTestId('incall_leave').waitFor({ timeout: PATIENCE_MS });
    return caller;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

const PATIENCE_MS = 30_000;
/** Element Call looks for its servers by their names; here nothing has a name. */
const FLAGS = [...CALL_FLAGS, '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const answerTo = (path: string): { readonly text: string } | { readonly file: string } | undefined => {
  const [, mode, inside] = /^\/(compatibility|matrix_2_0)\/([\w./-]+)$/.exec(path) ?? [];
  if (inside === 'config.json') return { text: JSON.stringify(settingsOf(mode as RtcMode)) };
  if (path === '/widget-api.js') return { file: WIDGET_API };
  const file = inside === undefined ? join(HOST, path) : join(PROGRAM, inside);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? { file } : undefined;
};

/** A person in Element Call. */
export class ElementCaller {
  readonly person: Person;
  readonly page: Page;
  readonly #town: CallTown;
  readonly #context: BrowserContext;

  constructor(town: CallTown, person: Person, [context, page]: readonly [BrowserContext, Page]) {
    this.person = person;
    this.page = page;
    this.#town = town;
    this.#context = context;
  }

  /** That of Element Call. */
  get frame(): Frame {
    return this.page.frames().find((frame) => frame.parentFrame() !== null)!;
  }

  /** How much one has seen or heard of somebody's streams, by track. */
  async incoming(from: Person, stream: 'camera' | 'screen', kind: 'audio' | 'video'): Promise<Map<string, number>> {
    const all = await this.frame.evaluate<Incoming[]>('incoming()');
    const theirs = all.filter(
      (each) => each.stream === stream && each.kind === kind && this.#town.userOf(each.from ?? '') === from.userId,
    );
    return new Map(theirs.map(({ trackId, amount }) => [trackId, amount]));
  }

  /** Whom one sees, by the names on the tiles. */
  async names(): Promise<readonly string[]> {
    return (await this.frame.getByTestId('name_tag').allTextContents()).sort();
  }

  press(button: 'leave' | 'screenshare'): Promise<void> {
    return this.frame.getByTestId(`incall_${button}`).click({ timeout: PATIENCE_MS });
  }

  closeTab(): Promise<void> {
    return this.#context.close();
  }
}
