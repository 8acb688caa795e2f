const SEMI_SPACE = '--max-semi-space-size';

/**
 * How V8 is to collect garbage. New objects have 16 MB instead of 128: then no collection of them has more than 8 MB to keep, which takes
 * less time than anybody notices, and the server takes less memory; see docs/benchmarks.md. Whoever says otherwise is heard.
 */
export const nodeFlags = (process.env.NODE_OPTIONS ?? '').includes(SEMI_SPACE) ? [] : [`${SEMI_SPACE}=8`];
