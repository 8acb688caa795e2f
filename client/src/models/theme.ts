import type { Storage } from '../platform/storage.ts';
import { derive } from '../reactive/derive.ts';
import { createValue, type Value } from '../reactive/value.ts';

export type Theme = 'light' | 'dark';

export interface ThemeModel {
  /** What to show; follows the system until somebody chooses. */
  readonly theme: Value<Theme>;
  toggle(): void;
}

const KEY = 'theme';

export const themeModel = (storage: Storage, systemIsDark: Value<boolean>): ThemeModel => {
  const stored = storage.read(KEY);
  const chosen = createValue<Theme | undefined>(stored === 'light' || stored === 'dark' ? stored : undefined);
  const theme = derive([chosen, systemIsDark], (choice, isDark): Theme => choice ?? (isDark ? 'dark' : 'light'));
  return {
    theme,
    toggle() {
      const next = theme.get() === 'dark' ? 'light' : 'dark';
      storage.write(KEY, next);
      chosen.set(next);
    },
  };
};
