import { createValue, type Value } from '../reactive/value.ts';

/** Whether somebody can see the page: only then does an open room count as read. */
export const pageVisible = (page: Document): Value<boolean> => {
  const visible = createValue(page.visibilityState === 'visible');
  page.addEventListener('visibilitychange', () => {
    visible.set(page.visibilityState === 'visible');
  });
  return visible;
};
