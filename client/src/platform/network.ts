import { createValue, type Value } from '../reactive/value.ts';

/** Whether the browser believes that it has a network at all. */
export const browserOnline = (page: Window): Value<boolean> => {
  const online = createValue(page.navigator.onLine);
  page.addEventListener('online', () => {
    online.set(true);
  });
  page.addEventListener('offline', () => {
    online.set(false);
  });
  return online;
};
