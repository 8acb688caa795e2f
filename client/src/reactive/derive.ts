import { together } from './disposables.ts';
import type { Value } from './value.ts';

type Sources = readonly Value<unknown>[];
type Contents<S extends Sources> = { readonly [K in keyof S]: S[K] extends Value<infer T> ? T : never };

/**
 * A value computed from others. It is recomputed when read after a source has changed, and holds no subscription
 * of its own: it observes its sources only while somebody observes it.
 */
export const derive = <const S extends Sources, T>(sources: S, compute: (...contents: Contents<S>) => T): Value<T> => {
  let seen: readonly unknown[] | undefined;
  let result: T;
  return {
    get() {
      const now = sources.map((source) => source.get());
      if (!seen?.every((content, i) => Object.is(content, now[i]))) {
        result = compute(...(now as unknown as Contents<S>));
        seen = now;
      }
      return result;
    },
    observe(listener) {
      return together(sources.map((source) => source.observe(listener)));
    },
  };
};
