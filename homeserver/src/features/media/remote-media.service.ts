import { getContent } from '@holm/spec/client-server/media';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { type Mxc, printMxc } from '@holm/spec/media';
import { downloadMedia } from '@holm/spec/server-server/media';
import { LRUCache } from 'lru-cache';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import { FetchError, type FetchOpen } from '../../platform/fetch.ts';
import type { Log } from '../../platform/log.ts';
import { Slots } from '../../platform/slots.ts';
import { TooLargeError } from '../../platform/spool.ts';
import { toContentType } from './content-type.ts';
import { filenameOf } from './disposition.ts';
import type { Files } from './files.service.ts';
import { mediaStore as store } from './media.store.ts';
import { MultipartError } from './multipart.ts';
import { fileIn, type RemoteFile } from './remote-answer.ts';
import type { MediaSettings } from './settings.ts';
import type { MediaTelemetry } from './telemetry.ts';

export interface RemoteMediaDeps {
  readonly client: Pick<FederationClient, 'callForBytes'>;
  /** How files are got from where other servers redirect to. */
  readonly fetch: FetchOpen;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly settings: MediaSettings;
  readonly telemetry: MediaTelemetry;
}

type Answer = Awaited<ReturnType<FederationClient['callForBytes']>>;

/** For the whole of a file. */
const FETCH_MS = 180_000;
/** Some servers send half of an answer and then nothing. */
const STALL_MS = 15_000;
const AT_ONCE = 30;
/** A server of which much is wanted is still sent messages. */
const AT_ONCE_PER_SERVER = 3;
const MAX_WAITING = 300;
const MAX_REFUSALS = 10_000;
const MAX_REDIRECTS = 5;
/** What is around the file in an answer. */
const FRAME_BYTES = 65_536;

/** Fetches files of other servers: each once, however many ask for it. */
export class RemoteMedia {
  readonly #deps: RemoteMediaDeps;
  readonly #running = new Map<string, Promise<void>>();
  readonly #slots = new Slots(AT_ONCE);
  readonly #servers = new Map<ServerName, Slots>();
  /** What could not be had, so that it is not asked for again at once. */
  readonly #refused = new LRUCache<string, { readonly error: MatrixError; readonly until: number }>(
    atMost(MAX_REFUSALS),
  );

  constructor(deps: RemoteMediaDeps) {
    this.#deps = deps;
  }

  /** Resolves when the file is here. Throws what whoever asks for it is to be told. */
  fetch(mxc: Mxc, waitMs: number): Promise<void> {
    const key = printMxc(mxc);
    const refused = this.#refused.get(key);
    if (refused && refused.until > this.#deps.clock.now()) return Promise.reject(refused.error);
    const running = this.#running.get(key);
    if (running) return running;
    if (this.#slots.waiting >= MAX_WAITING) {
      return Promise.reject(
        new MatrixError('M_LIMIT_EXCEEDED', 'too many files of other servers are asked for', {
          extra: { retry_after_ms: 5_000 },
        }),
      );
    }
    const fetching = this.#inTurn(mxc, () => this.#fetch(mxc, waitMs))
      .catch((error: unknown) => this.#refuse(mxc, error))
      .finally(() => this.#running.delete(key));
    this.#running.set(key, fetching);
    return fetching;
  }

  async #inTurn(mxc: Mxc, work: () => Promise<void>): Promise<void> {
    const { serverName } = mxc;
    const slots = this.#servers.get(serverName) ?? new Slots(AT_ONCE_PER_SERVER);
    this.#servers.set(serverName, slots);
    await slots.run(() => this.#slots.run(work)).finally(() => slots.isIdle && this.#servers.delete(serverName));
  }

  async #fetch(mxc: Mxc, waitMs: number): Promise<void> {
    const answer = await this.#ask(mxc, waitMs);
    await using body = answer.body;
    const file = await fileIn(answer);
    if ('location' in file) await this.#follow(mxc, file.location);
    else await this.#store(mxc, file);
    this.#deps.telemetry.fetched.add(body.bytes, {});
  }

  async #ask({ serverName, mediaId }: Mxc, waitMs: number): Promise<Answer> {
    const { client, settings } = this.#deps;
    const call = {
      timeoutMs: waitMs + FETCH_MS,
      stallMs: STALL_MS,
      maxBytes: settings.max_remote_bytes + FRAME_BYTES,
      // Anybody can make us ask servers by names that they make up.
      unrecorded: true,
    };
    try {
      return await client.callForBytes(serverName, downloadMedia, {
        params: { mediaId },
        query: { timeout_ms: waitMs },
        ...call,
      });
    } catch (error) {
      const isOld = error instanceof FederationError && error.status === 404 && error.errcode === 'M_UNRECOGNIZED';
      if (!isOld) throw error;
      const query = { allow_remote: false, allow_redirect: true, timeout_ms: waitMs };
      return client.callForBytes(serverName, getContent, { params: { serverName, mediaId }, query, ...call });
    }
  }

  #follow(mxc: Mxc, location: string): Promise<void> {
    const limits = { maxRedirects: MAX_REDIRECTS, maxBytes: this.#deps.settings.max_remote_bytes, httpsOnly: true };
    return this.#deps.fetch(location, limits, async ({ status, headers, body }) => {
      if (status !== 200) throw new MatrixError('M_NOT_FOUND', 'the file is not where its server says');
      const one = (name: string) => [headers[name]].flat()[0];
      await this.#store(mxc, { contentType: one('content-type'), disposition: one('content-disposition'), body });
    });
  }

  async #store(mxc: Mxc, { contentType, disposition, body }: RemoteFile): Promise<void> {
    const { files, clock, settings } = this.#deps;
    await using draft = await files.receive(within(body, settings.max_remote_bytes));
    await files.keep(draft, (tx) =>
      store.put(tx, {
        ...mxc,
        hash: draft.hash,
        contentType: toContentType(contentType),
        filename: filenameOf(disposition),
        uploader: undefined,
        now: clock.now(),
        isOpen: settings.allow_unauthenticated,
      }),
    );
  }

  #refuse(mxc: Mxc, cause: unknown): never {
    const told = refusalFor(cause);
    if (!told) throw cause;
    this.#deps.log.debug('a file of another server could not be had', { mxc: printMxc(mxc), err: cause });
    const until = this.#deps.clock.now() + told.forMs;
    if (told.forMs > 0) this.#refused.set(printMxc(mxc), { error: told.error, until });
    throw told.error;
  }
}

async function* within(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

interface Refusal {
  readonly error: MatrixError;
  /** For how long the same is answered without asking again. */
  readonly forMs: number;
}

const MINUTE_MS = 60_000;

const tooLarge = (): Refusal => ({
  error: new MatrixError('M_TOO_LARGE', 'the file is larger than this server takes from others', { status: 502 }),
  forMs: 60 * MINUTE_MS,
});
const notFound = (forMs = 5 * MINUTE_MS): Refusal => ({
  error: new MatrixError('M_NOT_FOUND', 'there is no such file'),
  forMs,
});
const failed = (why: string, forMs = MINUTE_MS): Refusal => ({
  error: new MatrixError('M_UNKNOWN', why, { status: 502 }),
  forMs,
});

/** `undefined` for what is no failure of the other server. */
const refusalFor = (cause: unknown): Refusal | undefined => {
  if (cause instanceof FederationError) return ofServer(cause);
  if (cause instanceof TooLargeError) return tooLarge();
  if (cause instanceof MultipartError)
    return failed('the server of the file says nothing that makes sense', 5 * MINUTE_MS);
  if (cause instanceof FetchError) return cause.failure === 'too large' ? tooLarge() : failed('the file cannot be got');
  return cause instanceof MatrixError ? { error: cause, forMs: MINUTE_MS } : undefined;
};

const ofServer = ({ failure, status, errcode, cause }: FederationError): Refusal => {
  if (cause instanceof TooLargeError || errcode === 'M_TOO_LARGE') return tooLarge();
  if (errcode === 'M_NOT_YET_UPLOADED') {
    return { error: new MatrixError('M_NOT_YET_UPLOADED', 'the file has not been sent yet'), forMs: 0 };
  }
  if (failure === 'forbidden') return notFound(0);
  // Whatever the reason is: to us it does not show the file.
  if (failure === 'refused' && status !== undefined && status < 500 && status !== 429) return notFound();
  return failed('the server of the file does not answer');
};
