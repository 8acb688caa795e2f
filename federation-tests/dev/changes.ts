import { watch } from 'node:fs';

/** Editors write a file in several steps, and a checkout writes many files. */
const QUIET_MS = 150;

/** Calls `changed` once after each burst of changes to the files below `folders` that `matters` picks. */
export const watchFolders = (
  folders: readonly string[],
  matters: (file: string) => boolean,
  changed: () => void,
): Disposable => {
  let timer: NodeJS.Timeout | undefined;
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file === null || !matters(file)) return;
      clearTimeout(timer);
      timer = setTimeout(changed, QUIET_MS);
    }),
  );
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
};
