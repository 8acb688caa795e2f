import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import type { Mxc } from '@holm/spec/media';
import type { Readable } from 'node:stream';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import type { Arrivals } from './arrivals.ts';
import type { ByteRange } from './byte-range.ts';
import type { Files } from './files.service.ts';
import { type MediaRow, mediaStore as store } from './media.store.ts';
import type { RemoteMedia } from './remote-media.service.ts';
import type { MediaSettings } from './settings.ts';

export interface LibraryDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly background: Background;
  readonly log: Log;
  readonly serverName: ServerName;
  readonly settings: MediaSettings;
  readonly files: Files;
  readonly arrivals: Arrivals;
  readonly remote: Pick<RemoteMedia, 'fetch'>;
}

/** A file that may be shown. */
export interface Media extends Mxc {
  readonly hash: Buffer;
  readonly size: number;
  readonly contentType: string;
  readonly filename: string | undefined;
  readonly isOpen: boolean;
}

export interface Wanted {
  /** How long to wait for a file that is announced; `undefined` as long as the specification says. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Asked without a token: only what may be seen by whoever has the address. */
  readonly openly?: boolean;
  /** Only what is here: nothing is fetched from other servers. */
  readonly isLocalOnly?: boolean;
}

const DEFAULT_WAIT_MS = 20_000;
const MAX_WAIT_MS = 60_000;
/** Whoever waits also looks by himself: a wake-up can get lost. */
const LOOK_AGAIN_MS = 5_000;
const DAY_MS = 24 * 3_600_000;

/** The files that are here, or can be had from where they are. */
export class Library {
  readonly #deps: LibraryDeps;

  constructor(deps: LibraryDeps) {
    this.#deps = deps;
  }

  /** Throws what the client is to be told where there is no such file. */
  async find(mxc: Mxc, wanted: Wanted): Promise<Media> {
    const row = (await this.#get(mxc)) ?? (await this.#fetched(mxc, wanted));
    if (wanted.openly === true && !this.#isOpen(row)) return this.#missing();
    const filled = isFilled(row) ? row : await this.#arrival(row, wanted);
    if (filled.hold === 'quarantined') return this.#missing();
    this.#used(filled);
    const { hash, size, contentType, filename } = filled;
    return { ...mxc, hash, size, contentType, filename: filename ?? undefined, isOpen: this.#isOpen(filled) };
  }

  async read({ hash, serverName, mediaId }: Pick<Media, 'hash' | keyof Mxc>, part?: ByteRange): Promise<Readable> {
    const content = await this.#deps.files.read(hash, part);
    if (content) return content;
    this.#deps.log.error('a file is missing in the media folder', { serverName, mediaId });
    // Its server still has it.
    if (serverName !== this.#deps.serverName) await store.remove(this.#deps.db, { serverName, mediaId });
    return this.#missing();
  }

  /** What comes now is not open, unless all is. */
  async #fetched(
    mxc: Mxc,
    { openly = false, isLocalOnly = false, timeoutMs = DEFAULT_WAIT_MS }: Wanted,
  ): Promise<MediaRow> {
    const { serverName, settings, remote } = this.#deps;
    const isHidden = openly && !settings.allow_unauthenticated;
    if (mxc.serverName === serverName || isHidden || isLocalOnly) return this.#missing();
    await remote.fetch(mxc, Math.min(timeoutMs, MAX_WAIT_MS));
    return (await this.#get(mxc)) ?? this.#missing();
  }

  #get(mxc: Mxc): Promise<MediaRow | undefined> {
    return store.get(this.#deps.db, mxc);
  }

  /** Waits for the content of what is announced. */
  async #arrival(mxc: Mxc, { timeoutMs = DEFAULT_WAIT_MS, signal }: Wanted): Promise<MediaRow & { hash: Buffer }> {
    const { clock, arrivals } = this.#deps;
    const deadline = clock.now() + Math.min(timeoutMs, MAX_WAIT_MS);
    using waiting = arrivals.expect(mxc);
    for (;;) {
      const row = (await this.#get(mxc)) ?? this.#missing();
      if (isFilled(row)) return row;
      if ((row.expiresAt ?? 0) <= clock.now()) return this.#missing();
      const leftMs = deadline - clock.now();
      if (leftMs <= 0 || signal.aborted) throw new MatrixError('M_NOT_YET_UPLOADED', 'the file has not been sent yet');
      await waiting.pause(Math.min(leftMs, LOOK_AGAIN_MS), signal);
    }
  }

  #isOpen({ isOpen }: MediaRow): boolean {
    return isOpen || this.#deps.settings.allow_unauthenticated;
  }

  #used(row: MediaRow): void {
    const { db, clock, background } = this.#deps;
    if (clock.now() - row.usedAt < DAY_MS) return;
    background.run('note that a file was used', () => store.used(db, row, clock.now()));
  }

  #missing(): never {
    throw new MatrixError('M_NOT_FOUND', 'there is no such file');
  }
}

const isFilled = (row: MediaRow): row is MediaRow & { hash: Buffer } => row.hash !== null;
