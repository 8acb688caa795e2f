/** A value that changes. Views observe it; only its owner holds the `set`. */
export interface Value<T> {
  get(): T;
  /** Calls back after each change, until disposed. The listener reads the new value itself. */
  observe(listener: () => void): Disposable;
}

export interface Cell<T> extends Value<T> {
  set(next: T): void;
}

export const createValue = <T>(initial: T): Cell<T> => {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(next) {
      if (Object.is(next, current)) return;
      current = next;
      // A copy: a listener may cause views to come and go.
      for (const listener of [...listeners]) listener();
    },
    observe(listener) {
      // Wrapped, so that two observers with one function are two observers.
      const entry = () => {
        listener();
      };
      listeners.add(entry);
      return { [Symbol.dispose]: () => void listeners.delete(entry) };
    },
  };
};
