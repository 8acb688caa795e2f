import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all that it has started take in memory: what several of them share, libraries and buffers, counts once. Linux only. */
export const memoryOfTree = (pid: number): number => treeOf(pid).reduce((sum, each) => sum + shareOf(each), 0);

const treeOf = (root: number): number[] => {
  const parents = new Map(processes().map((pid) => [pid, parentOf(pid)]));
  const isWithin = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && pid > 1 && isWithin(parents.get(pid)));
  return [...parents.keys()].filter((pid) => isWithin(pid));
};

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

/** Undefined of one that has just ended. */
const parentOf = (pid: number): number | undefined => Number(read(pid, 'stat')?.split(') ')[1]?.split(' ')[1]);

/** Megabytes; "proportional set size": of pages that n processes have, each has one nth. */
const shareOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1] ?? 0) / 1024;

const read = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH'].includes(code)) return undefined;
    throw error;
  }
};
