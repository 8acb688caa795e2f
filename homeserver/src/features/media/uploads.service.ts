import { MatrixError } from '@holm/spec/errors';
import type { ServerName, UserId } from '@holm/spec/ids';
import type { Mxc } from '@holm/spec/media';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Arrivals } from './arrivals.ts';
import { toContentType } from './content-type.ts';
import type { Files } from './files.service.ts';
import { mediaStore as store, type NewMedia } from './media.store.ts';
import type { MediaSettings } from './settings.ts';
import type { MediaTelemetry } from './telemetry.ts';
import { usageStore } from './usage.store.ts';

export interface UploadsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly serverName: ServerName;
  readonly settings: MediaSettings;
  readonly files: Files;
  readonly arrivals: Arrivals;
  readonly telemetry: MediaTelemetry;
}

/** What a client sends. */
export interface Sent {
  readonly bytes: (limit: number) => AsyncIterable<Buffer>;
  /** How long it says that it is, if it does. */
  readonly announcedBytes: number | undefined;
  readonly contentType: string | undefined;
  readonly filename: string | undefined;
}

const HOUR_MS = 3_600_000;
/** What the smallest file takes on a disk. */
const BLOCK_BYTES = 4_096;
const ID_LENGTH = 24;

/** Files that users of this server send. */
export class Uploads {
  readonly #deps: UploadsDeps;

  constructor(deps: UploadsDeps) {
    this.#deps = deps;
  }

  get maxBytes(): number {
    return this.#deps.settings.max_upload_bytes;
  }

  async upload(user: UserId, sent: Sent): Promise<Mxc> {
    const mxc = this.#newMxc();
    await this.#take(user, mxc, sent, (tx, media) => store.put(tx, media));
    return mxc;
  }

  /** An address for a file that comes later. */
  async announce(user: UserId): Promise<Mxc & { readonly expiresAt: UnixMillis }> {
    const { db, clock, settings } = this.#deps;
    const mxc = this.#newMxc();
    const now = clock.now();
    const expiresAt = (now + settings.unused_upload_hours * HOUR_MS) as UnixMillis;
    await db.transact(async (tx) => {
      if ((await store.announced(tx, user, now)) >= settings.max_pending_uploads) {
        throw new MatrixError('M_LIMIT_EXCEEDED', 'too many files are announced and not sent', {
          extra: { retry_after_ms: HOUR_MS },
        });
      }
      await store.put(tx, { ...this.#described(mxc, user, now), expiresAt });
    });
    return { ...mxc, expiresAt };
  }

  async uploadTo(user: UserId, mxc: Mxc, sent: Sent): Promise<void> {
    const { db, clock, serverName, arrivals } = this.#deps;
    const row = mxc.serverName === serverName ? await store.get(db, mxc) : undefined;
    if (!row || (row.hash === null && (row.expiresAt ?? 0) <= clock.now())) throw unknownId();
    if (row.uploader !== user) throw new MatrixError('M_FORBIDDEN', 'somebody else announced this file');
    if (row.hash !== null) throw overwritten();
    await this.#take(user, mxc, sent, async (tx, media) => {
      if (!(await store.fill(tx, media))) throw overwritten();
    });
    arrivals.arrived(mxc);
  }

  async #take(user: UserId, mxc: Mxc, sent: Sent, refer: (tx: Tx, media: NewMedia) => Promise<void>): Promise<void> {
    const { db, clock, files, settings, telemetry } = this.#deps;
    const quota = settings.quota_bytes_per_user;
    const { bytes: kept } = await usageStore.get(db, user);
    // Said before the file is read. What counts is decided when it is stored.
    if (quota > 0 && kept + charged(sent.announcedBytes ?? 0) > quota) throw quotaUsed();
    await using draft = await files.receive(sent.bytes(settings.max_upload_bytes));
    await files.keep(draft, async (tx) => {
      if (!(await usageStore.add(tx, user, { bytes: charged(draft.size), quota }))) throw quotaUsed();
      await refer(tx, {
        ...this.#described(mxc, user, clock.now()),
        hash: draft.hash,
        contentType: toContentType(sent.contentType),
        filename: sent.filename,
      });
    });
    telemetry.uploaded.add(draft.size, {});
  }

  #described({ serverName, mediaId }: Mxc, uploader: UserId, now: UnixMillis): NewMedia {
    const isOpen = this.#deps.settings.allow_unauthenticated;
    return { serverName, mediaId, hash: undefined, contentType: '', filename: undefined, uploader, now, isOpen };
  }

  #newMxc(): Mxc {
    return { serverName: this.#deps.serverName, mediaId: token(this.#deps.entropy, ID_LENGTH) };
  }
}

/** What a file counts for, of the quota of who sent it. */
export const charged = (size: number): number => Math.max(size, BLOCK_BYTES);

const quotaUsed = () => new MatrixError('M_FORBIDDEN', 'you have stored as much here as you may');
const unknownId = () => new MatrixError('M_NOT_FOUND', 'there is no such announced file');
const overwritten = () => new MatrixError('M_CANNOT_OVERWRITE_MEDIA', 'this file was sent already');
