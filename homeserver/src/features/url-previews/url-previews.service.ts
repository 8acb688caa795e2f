import type { TextDecoder } from 'node:util';
import { MatrixError } from '@holm/spec/errors';
import type { JsonObject } from '@holm/spec/json';
import { printMxc } from '@holm/spec/media';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import { FetchError, type FetchOpen, type OpenResponse } from '../../platform/fetch.ts';
import type { Log } from '../../platform/log.ts';
import { Slots } from '../../platform/slots.ts';
import type { FoundPictures } from '../media/index.ts';
import { decoderFor } from './charset.ts';
import type { PageWords } from './page-words.ts';
import { previewUrl } from './preview-url.ts';

export interface UrlPreviewsDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** By rules for addresses that strangers choose. */
  readonly fetch: FetchOpen;
  readonly pictures: Pick<FoundPictures, 'keep'>;
  readonly settings: {
    readonly enabled: boolean;
    readonly denied_hosts: readonly string[];
    readonly max_picture_bytes: number;
    readonly keep_minutes: number;
  };
}

type Preview = JsonObject;
interface Kept {
  readonly answer: Preview | MatrixError;
  readonly until: number;
}

/** What comes later in a page is not its head. */
const MAX_PAGE_BYTES = 1_000_000;
const MAX_REDIRECTS = 5;
const AT_ONCE = 8;
const MAX_WAITING = 100;
const MAX_KEPT = 2_000;
const FAILED_FOR_MS = 5 * 60_000;
const HEADERS = {
  accept: 'text/html,application/xhtml+xml,image/*;q=0.8',
  'user-agent': 'Mozilla/5.0 (compatible; Holm; bot for previews of links)',
};

/** What pages on the web say of themselves, for clients to show beside links. */
export class UrlPreviews {
  readonly #deps: UrlPreviewsDeps;
  readonly #kept = new LRUCache<string, Kept>(atMost(MAX_KEPT));
  readonly #running = new Map<string, Promise<Preview>>();
  readonly #slots = new Slots(AT_ONCE);

  constructor(deps: UrlPreviewsDeps) {
    this.#deps = deps;
  }

  async of(address: string): Promise<Preview> {
    const { settings, clock } = this.#deps;
    if (!settings.enabled) throw new MatrixError('M_UNRECOGNIZED', 'this server shows no previews of links');
    const asked = previewUrl(address, settings.denied_hosts);
    if ('refused' in asked) throw refusal(asked.refused);
    const key = asked.url.href;
    const kept = this.#kept.get(key);
    if (kept && kept.until > clock.now()) {
      if (kept.answer instanceof MatrixError) throw kept.answer;
      return kept.answer;
    }
    return this.#running.get(key) ?? this.#look(asked.url);
  }

  #look(url: URL): Promise<Preview> {
    if (this.#slots.waiting >= MAX_WAITING) {
      return Promise.reject(
        new MatrixError('M_LIMIT_EXCEEDED', 'too many links are looked at', { extra: { retry_after_ms: 5_000 } }),
      );
    }
    const looking = this.#slots
      .run(() => this.#page(url))
      .then(
        (preview) => this.#keep(url, preview, this.#deps.settings.keep_minutes * 60_000),
        (error: unknown) => {
          if (!(error instanceof FetchError)) throw error;
          this.#deps.log.debug('no preview', { failure: error.failure, err: error });
          // Whether an address of ours is there, or only not to be asked, is nobody's business.
          throw this.#keep(
            url,
            new MatrixError('M_UNKNOWN', 'the page cannot be read', { status: 502 }),
            FAILED_FOR_MS,
          );
        },
      )
      .finally(() => this.#running.delete(url.href));
    this.#running.set(url.href, looking);
    return looking;
  }

  #keep<T extends Preview | MatrixError>(url: URL, answer: T, forMs: number): T {
    this.#kept.set(url.href, { answer, until: this.#deps.clock.now() + forMs });
    return answer;
  }

  #page(url: URL): Promise<Preview> {
    const { max_picture_bytes: maxBytes } = this.#deps.settings;
    const limits = { headers: HEADERS, maxRedirects: MAX_REDIRECTS, maxBytes: Math.max(maxBytes, MAX_PAGE_BYTES) };
    return this.#deps.fetch(url.href, limits, async (response) => {
      if ('refused' in previewUrl(response.url, this.#deps.settings.denied_hosts)) return {};
      const type = headerOf(response, 'content-type');
      if (response.status !== 200) throw new FetchError('unreachable', `the page is answered with ${response.status}`);
      if (/^image\//i.test(type)) return (await this.#stored(response)) ?? {};
      if (!/^(?:text\/html|application\/xhtml\+xml)\b/i.test(type)) return {};
      const { words, pictures } = await wordsOf(response, type);
      return { 'og:url': response.url, ...Object.fromEntries(words), ...(await this.#firstOf(pictures, response.url)) };
    });
  }

  /** Pictures that cannot be had do not take the words with them. */
  async #firstOf(addresses: readonly string[], page: string): Promise<Preview> {
    for (const address of addresses) {
      const asked = previewUrl(URL.parse(address, page)?.href ?? '', this.#deps.settings.denied_hosts);
      const picture = 'url' in asked ? await this.#picture(asked.url) : undefined;
      if (picture) return picture;
    }
    return {};
  }

  async #picture(url: URL): Promise<Preview | undefined> {
    const limits = {
      headers: { ...HEADERS, accept: 'image/*' },
      maxRedirects: MAX_REDIRECTS,
      maxBytes: this.#deps.settings.max_picture_bytes,
    };
    try {
      return await this.#deps.fetch(url.href, limits, (response) =>
        response.status === 200 ? this.#stored(response) : Promise.resolve(undefined),
      );
    } catch (error) {
      if (error instanceof FetchError) return undefined;
      throw error;
    }
  }

  async #stored({ body }: OpenResponse): Promise<Preview | undefined> {
    const picture = await this.#deps.pictures.keep(body);
    if (!picture) return undefined;
    const { bytes, contentType, size } = picture;
    return {
      'og:image': printMxc(picture),
      'og:image:type': contentType,
      'matrix:image:size': bytes,
      ...(size && { 'og:image:width': size.width, 'og:image:height': size.height }),
    };
  }
}

const headerOf = ({ headers }: OpenResponse, name: string): string => [headers[name]].flat()[0] ?? '';

const wordsOf = async ({ body }: OpenResponse, type: string): Promise<PageWords> => {
  const { PageReader } = await import('./page-words.ts'); // and with it htmlparser2
  const reader = new PageReader();
  let decoder: TextDecoder | undefined;
  let bytes = 0;
  for await (const chunk of body) {
    decoder ??= decoderFor(type, chunk);
    reader.read(decoder.decode(chunk, { stream: true }));
    bytes += chunk.length;
    if (reader.isDone || bytes >= MAX_PAGE_BYTES) break;
  }
  return reader.end();
};

const refusal = (why: 'no address' | 'not shown'): MatrixError =>
  why === 'no address'
    ? new MatrixError('M_INVALID_PARAM', 'this is no address of a page')
    : new MatrixError('M_FORBIDDEN', 'no previews are shown of this page');
