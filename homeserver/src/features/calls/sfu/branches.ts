import type { CallMedia } from '../media/media-worker-process.ts';
import type { Branch } from './branch.ts';

/** Why there is no place for somebody. */
export type NoPlace = 'no worker' | 'full';

interface BranchesDeps {
  /** A place on a worker that is none of these; `undefined` where there is none with room for more. */
  readonly openMedia: (besides: readonly CallMedia[]) => Promise<CallMedia | NoPlace>;
  readonly open: (media: CallMedia) => Promise<Branch>;
  /** The worker of a branch has died. */
  readonly lost: (branch: Branch) => void;
}

/**
 * The branches of one call: one, as long as its worker has room for those who come, and another one on another worker
 * for those who come then. A branch ends with the last who is on it.
 */
export class Branches {
  readonly #deps: BranchesDeps;
  /** How many are on each, or about to be. */
  readonly #people = new Map<Branch, number>();
  #opening: Promise<Branch | NoPlace> | undefined;

  constructor(deps: BranchesDeps) {
    this.#deps = deps;
  }

  get all(): readonly Branch[] {
    return [...this.#people.keys()];
  }

  /** A place for somebody, which they have to give back. `own` is where they have one already. */
  async enter(own: Branch | undefined): Promise<Branch | NoPlace> {
    for (;;) {
      const branch = own && this.#people.has(own) ? own : await this.#choose();
      if (typeof branch === 'string') return branch;
      // It may have ended while another one was opened.
      const people = this.#people.get(branch);
      if (people === undefined) continue;
      this.#people.set(branch, people + 1);
      return branch;
    }
  }

  leave(branch: Branch): void {
    const people = this.#people.get(branch);
    if (people === undefined) return;
    if (people > 1) this.#people.set(branch, people - 1);
    else this.#end(branch);
  }

  async #choose(): Promise<Branch | NoPlace> {
    const roomy = this.all.find(({ media }) => !media.isCrowded());
    if (roomy) return roomy;
    const another = await (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
    if (another !== 'full') return another;
    // All are crowded: with people who send little, or with streams.
    return this.all.find(({ media }) => !media.isFull()) ?? 'full';
  }

  async #open(): Promise<Branch | NoPlace> {
    const media = await this.#deps.openMedia(this.all.map((branch) => branch.media));
    if (typeof media === 'string') return media === 'no worker' && this.#people.size > 0 ? 'full' : media;
    const branch = await this.#deps.open(media).catch((error: unknown) => {
      if (media.isLost()) return undefined;
      throw error;
    });
    if (!branch) return 'no worker';
    this.#people.set(branch, 0);
    media.onLost(() => {
      this.#people.delete(branch);
      this.#deps.lost(branch);
    });
    return branch;
  }

  #end(branch: Branch): void {
    this.#people.delete(branch);
    branch.close();
  }

  closeAll(): void {
    for (const branch of this.all) this.#end(branch);
  }
}
