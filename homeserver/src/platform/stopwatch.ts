/** Starts to measure; call the result for the seconds since. For metrics and logs, never for decisions. */
export const stopwatch = (): (() => number) => {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
};
