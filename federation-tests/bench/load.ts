/** Runs `work` for `seconds`, `width` at a time, each as soon as the one before it has ended. Times in milliseconds. */
export const closedLoop = async (
  { width, seconds }: { readonly width: number; readonly seconds: number },
  work: (lane: number) => Promise<unknown>,
): Promise<{ readonly perSecond: number; readonly times: readonly number[] }> => {
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  await inParallel(width, async (lane) => {
    while (performance.now() < end) times.push(await timed(() => work(lane)));
  });
  return { perSecond: times.length / ((performance.now() - start) / 1000), times };
};

/** One of `work` for each of `count`, `width` at a time; how many a second that makes. */
export const each = async (
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> => {
  let next = 0;
  const ms = await timed(() =>
    inParallel(width, async () => {
      while (next < count) await work(next++);
    }),
  );
  return count / (ms / 1000);
};

export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

const inParallel = async (width: number, lane: (index: number) => Promise<void>): Promise<void> => {
  await Promise.all(Array.from({ length: width }, (_, index) => lane(index)));
};

/** The value that this share of all is not above. */
export const quantile = (values: readonly number[], share: number): number => {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
};
