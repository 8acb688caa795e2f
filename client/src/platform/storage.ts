/** Small settings that outlive a reload. */
export interface Storage {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
  remove(key: string): void;
}

const PREFIX = 'holm.';

/**
 * The browser's own. Where it is switched off (private windows of some browsers), settings live as long as the
 * page: worse than remembering, better than not signing in at all.
 */
export const browserStorage = (): Storage => {
  const backing = localStorageIfUsable();
  return backing ? overLocalStorage(backing) : memoryStorage();
};

export const memoryStorage = (): Storage => {
  const entries = new Map<string, string>();
  return {
    read: (key) => entries.get(key),
    write: (key, value) => void entries.set(key, value),
    remove: (key) => void entries.delete(key),
  };
};

const overLocalStorage = (backing: globalThis.Storage): Storage => ({
  read: (key) => backing.getItem(PREFIX + key) ?? undefined,
  write: (key, value) => {
    backing.setItem(PREFIX + key, value);
  },
  remove: (key) => {
    backing.removeItem(PREFIX + key);
  },
});

const localStorageIfUsable = (): globalThis.Storage | undefined => {
  try {
    const probe = `${PREFIX}probe`;
    localStorage.setItem(probe, '1');
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return undefined;
  }
};
