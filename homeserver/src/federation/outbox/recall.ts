import type { ServerName } from '@holm/spec/ids';
import type { Edu } from '@holm/spec/server-server/transactions';
import { canonicalJson } from '../../core/json/canonical.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Losses } from './losses.ts';

/**
 * Messages of one type of which only the last word counts, and which whoever sends them can say again. They are not kept
 * one by one for a server that is away: when it is back, it is told what has changed since.
 */
export interface EduRecall {
  readonly eduType: string;
  /** What has been said since then, by our users, and concerns the server. */
  since(server: ServerName, since: UnixMillis): Promise<readonly Edu[]>;
}

/** What is sent now may have been decided a moment ago, and a request may have been under way for as long as it may take. */
const MARGIN_MS = 120_000;

/** From when on a server has missed messages that can be said again. */
export class Recalled {
  readonly #recalls: readonly EduRecall[];
  readonly #server: ServerName;
  readonly #losses: Pick<Losses, 'since' | 'put'>;
  #lostSince: UnixMillis | undefined;

  /** `failingSince`: when the server cannot be reached. */
  constructor(
    { recalls, losses }: { readonly recalls: readonly EduRecall[]; readonly losses: Pick<Losses, 'since' | 'put'> },
    server: ServerName,
    failingSince: UnixMillis | undefined,
  ) {
    this.#recalls = recalls;
    this.#server = server;
    this.#losses = losses;
    this.#lostSince = losses.since(server);
    if (recalls.length > 0) this.lost(failingSince);
  }

  get isDue(): boolean {
    return this.#lostSince !== undefined;
  }

  isFor({ edu_type: type }: Edu): boolean {
    return this.#recalls.some(({ eduType }) => eduType === type);
  }

  lost(since: UnixMillis | undefined): void {
    if (since === undefined) return;
    this.#lostSince = Math.min(since, this.#lostSince ?? since) as UnixMillis;
    this.#losses.put(this.#server, this.#lostSince);
  }

  /** The server has heard what was sent last. */
  heard(): void {
    this.#losses.put(this.#server, this.#lostSince);
  }

  /** What the server has missed, as canonical JSON, and since when; from now on it is not to be told again. */
  async take(limit: number): Promise<{ readonly edus: readonly string[]; readonly since: UnixMillis | undefined }> {
    const since = this.#lostSince;
    if (since === undefined || limit <= 0) return { edus: [], since: undefined };
    this.#lostSince = undefined; // first, because there may be more while this is being read
    const edus: Edu[] = [];
    for (const recall of this.#recalls) {
      edus.push(...(await recall.since(this.#server, (since - MARGIN_MS) as UnixMillis)));
    }
    return { edus: edus.slice(0, limit).map((edu) => canonicalJson(edu, 'lenient')), since };
  }
}
