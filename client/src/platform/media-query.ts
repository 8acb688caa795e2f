import { createValue, type Value } from '../reactive/value.ts';

/** Whether a CSS media query holds, as it changes. */
export const mediaQuery = (page: Window, query: string): Value<boolean> => {
  const list = page.matchMedia(query);
  const matches = createValue(list.matches);
  list.addEventListener('change', () => {
    matches.set(list.matches);
  });
  return matches;
};
