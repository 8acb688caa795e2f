const SEMI_SPACE = '--max-semi-space-size';
const own = (process.env.NODE_OPTIONS ?? '').includes(SEMI_SPACE);

/**
 * By how much of what is in use the heap may grow until it is collected. V8 would let it grow to several times that in a busy time;
 * see docs/benchmarks.md.
 */
const GROWING_PERCENT = 40;

/**
 * How V8 is to collect garbage. New objects have 16 MB instead of 128: then no collection of them has more than 8 MB to keep, which takes
 * less time than anybody notices, and the server takes less memory; see docs/benchmarks.md. Whoever says otherwise is heard.
 * The server itself may collect: it does so once, when it has started (`platform/garbage.ts`).
 */
export const nodeFlags = [
  ...(own ? [] : [`${SEMI_SPACE}=8`]),
  `--heap-growing-percent=${GROWING_PERCENT}`,
  '--expose-gc',
  // What nobody has asked for in the last six collections would have to be compiled again: the first answer after a busy time.
  '--no-flush-bytecode',
];

/**
 * glibc gives threads heaps of their own, eight for each core, and what is free in one is of no use to another. Ours allocate little: two do,
 * and take 5 MB less.
 */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '2' };
