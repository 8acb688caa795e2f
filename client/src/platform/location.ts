import { createValue, type Value } from '../reactive/value.ts';

/** Where the reader is: what follows `#` in the address. */
export interface Location {
  readonly hash: Value<string>;
  /** Origin that served the page. */
  readonly origin: string;
  go(hash: string): void;
  /** Like `go`, but the back button skips the place that is left. */
  replace(hash: string): void;
}

export const browserLocation = (page: Window): Location => {
  const hash = createValue(page.location.hash);
  page.addEventListener('hashchange', () => {
    hash.set(page.location.hash);
  });
  return {
    hash,
    origin: page.location.origin,
    go: (next) => {
      page.location.hash = next;
    },
    replace: (next) => {
      page.history.replaceState(null, '', next);
      hash.set(next);
    },
  };
};
