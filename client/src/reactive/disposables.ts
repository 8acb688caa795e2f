/** Several things to let go of as one. (`DisposableStack` is not in every browser yet.) */
export const together = (parts: readonly Disposable[]): Disposable => ({
  [Symbol.dispose]: () => {
    for (const part of parts) part[Symbol.dispose]();
  },
});
