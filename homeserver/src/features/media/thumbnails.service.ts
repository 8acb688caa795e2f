import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import type { ThumbnailQuery } from '@holm/spec/media';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import type { Files } from './files.service.ts';
import type { Media } from './library.service.ts';
import type { MediaFolder } from './media-folder.ts';
import type { PictureAnswer, PictureJob } from './pictures/jobs.ts';
import { isThumbnailType, type PictureKind, pictureKind } from './pictures/kind.ts';
import { type PictureProcesses, TooBusyError } from './pictures/processes.ts';
import { type Variant, variantKey, variantOf } from './pictures/sizes.ts';
import type { MediaSettings } from './settings.ts';
import type { MediaTelemetry } from './telemetry.ts';
import { type ThumbnailRow, thumbnailsStore as store } from './thumbnails.store.ts';

export interface ThumbnailsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly serverName: ServerName;
  readonly settings: MediaSettings;
  readonly files: Files;
  readonly folder: MediaFolder;
  readonly processes: Pick<PictureProcesses, 'run'>;
  readonly telemetry: MediaTelemetry;
}

type Thumbnail = Pick<Media, 'hash' | 'size' | 'contentType'>;
type Refusal = Exclude<PictureAnswer['outcome'], 'made' | 'as it is'>;

const MAX_REFUSALS = 5_000;
const REFUSED_FOR_MS = 3_600_000;

/** Pictures, small. They are made when somebody asks for them, and kept. */
export class Thumbnails {
  readonly #deps: ThumbnailsDeps;
  readonly #making = new Map<string, Promise<Thumbnail>>();
  /** What could not be made small, so that it is not tried at each request. */
  readonly #refused = new LRUCache<string, { readonly outcome: Refusal; readonly until: number }>(atMost(MAX_REFUSALS));
  #unavailable: string | undefined;

  constructor(deps: ThumbnailsDeps) {
    this.#deps = deps;
  }

  /** Why no picture is made small on this machine, where that has shown. */
  get unavailable(): string | undefined {
    return this.#unavailable;
  }

  /** A picture that is at least as large as asked for, where the file is. */
  async of(media: Media, query: ThumbnailQuery): Promise<Media> {
    const kind = pictureKind(await this.#deps.folder.head(media.hash));
    if (!kind) throw cannot('this file is no picture of a kind that can be made small');
    const small = await this.#small({ ...media, contentType: kind }, kind, variantOf(query));
    return { ...media, ...small, filename: `thumbnail.${small.contentType.slice('image/'.length)}` };
  }

  async #small(media: Media, kind: PictureKind, variant: Variant): Promise<Thumbnail> {
    const known = await store.get(this.#deps.db, media.hash, variantKey(variant));
    if (known) return shown(known, media);
    const key = `${media.hash.toString('hex')} ${variantKey(variant)}`;
    const refused = this.#refused.get(key);
    if (refused && refused.until > this.#deps.clock.now()) throw this.#refusal(media, refused.outcome);
    const running = this.#making.get(key);
    if (running) return running;
    const making = this.#make(media, { kind, variant, key }).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  async #make(
    media: Media,
    { kind, variant, key }: { readonly kind: PictureKind; readonly variant: Variant; readonly key: string },
  ): Promise<Thumbnail> {
    const { files, folder, settings, telemetry } = this.#deps;
    await using draft = folder.draft();
    const target = draft.path;
    const source = folder.pathOf(media.hash);
    const answer = await this.#run({ source, kind, maxPixels: settings.max_picture_pixels, make: { variant, target } });
    telemetry.pictures.add(1, { outcome: answer.outcome });
    switch (answer.outcome) {
      case 'made': {
        const { hash, bytes: size, contentType } = answer.picture;
        const made = { path: target, hash: Buffer.from(hash, 'hex'), size };
        await files.keep(made, (tx) => this.#note(tx, media, variant, { thumbnail: made.hash, contentType }));
        return { hash: made.hash, size, contentType };
      }
      case 'as it is':
        await this.#deps.db.transact((tx) => this.#note(tx, media, variant, { thumbnail: null, contentType: kind }));
        return media;
      case 'unavailable':
        return this.#withoutDecoder(media, kind, answer.why);
      case 'too large':
      case 'no picture':
        this.#refused.set(key, { outcome: answer.outcome, until: this.#deps.clock.now() + REFUSED_FOR_MS });
        throw this.#refusal(media, answer.outcome);
    }
  }

  async #note(
    tx: Parameters<typeof store.put>[0],
    { hash }: Media,
    variant: Variant,
    row: { readonly thumbnail: Buffer | null; readonly contentType: string },
  ): Promise<void> {
    if (await store.put(tx, { hash, variant: variantKey(variant) }, row, this.#deps.clock.now())) return;
    throw new MatrixError('M_NOT_FOUND', 'there is no such file');
  }

  async #run(job: PictureJob): Promise<PictureAnswer> {
    try {
      return await this.#deps.processes.run(job);
    } catch (error) {
      if (!(error instanceof TooBusyError)) throw error;
      throw new MatrixError('M_LIMIT_EXCEEDED', 'too many pictures are asked for; wait a little', {
        extra: { retry_after_ms: 5_000 },
      });
    }
  }

  #refusal({ serverName }: Media, outcome: Refusal): MatrixError {
    if (outcome !== 'too large') return cannot('this picture cannot be made small');
    // https://spec.matrix.org/latest/client-server-api/#security-considerations-5
    const status = serverName === this.#deps.serverName ? 413 : 502;
    return new MatrixError('M_TOO_LARGE', 'the picture has too many pixels to be made small', { status });
  }

  /** A picture that is larger than need be is better than none. */
  #withoutDecoder(media: Media, kind: PictureKind, why: string): Thumbnail {
    if (this.#unavailable === undefined) this.#deps.log.warn('pictures cannot be made small here', { why });
    this.#unavailable = why;
    if (isThumbnailType(kind)) return media;
    throw this.#refusal(media, 'unavailable');
  }
}

const shown = ({ thumbnail, size, contentType }: ThumbnailRow, media: Media): Thumbnail =>
  thumbnail === null ? { ...media, contentType } : { hash: thumbnail, size, contentType };

const cannot = (message: string) => new MatrixError('M_UNKNOWN', message, { status: 400 });
