import type { Json } from '@holm/spec/json';
import type { Spool } from '../../platform/spool.ts';
import { type Part, partsOf } from './large-json.ts';

export interface LargeAnswerDeps {
  /** Makes of it what the endpoint answers with. Throws what a malformed answer is. */
  readonly check: (answer: Json) => unknown;
  readonly malformed: (cause: unknown) => Error;
}

/** `characters`: what it takes as text. */
export type TakeItem = (list: string, item: Json, characters: number) => void | Promise<void>;

/** An answer that may be too large to be held. It can be read as often as need be, until it is disposed of. */
export class LargeAnswer<Answer> implements AsyncDisposable {
  readonly #body: Spool;
  readonly #deps: LargeAnswerDeps;

  constructor(body: Spool, deps: LargeAnswerDeps) {
    this.#body = body;
    this.#deps = deps;
  }

  /**
   * Reads all of it in turns, and lets `take` have the items of its lists one by one. Resolves to the answer with all lists empty,
   * checked as the endpoint says; the items are not. `isWanted`: of lists that are not, items are passed over.
   */
  async read(take: TakeItem, isWanted?: (list: string) => boolean): Promise<Answer> {
    const members = new Map<string, Json>();
    const parts = partsOf(this.#body.chunks(), isWanted);
    for (let part = await this.#next(parts); part; part = await this.#next(parts)) {
      if (part.kind === 'item') await take(part.key, part.value, part.characters);
      else members.set(part.key, part.kind === 'list' ? [] : part.value);
    }
    return this.#deps.check(Object.fromEntries(members)) as Answer;
  }

  async #next(parts: AsyncGenerator<Part, void>): Promise<Part | undefined> {
    try {
      return (await parts.next()).value ?? undefined;
    } catch (error) {
      throw this.#deps.malformed(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#body[Symbol.asyncDispose]();
  }
}
