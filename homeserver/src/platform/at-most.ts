/**
 * The bounds of an `LRUCache` that keeps so many entries. With its own option `max` it would take the room for all of them at once,
 * which for all of our caches together is 20 MB that most servers never need.
 */
export const atMost = (entries: number) => ({ maxSize: entries, sizeCalculation: one });

const one = (): number => 1;

interface Weighing<Key, Value> {
  peek(key: Key): Value | undefined;
  delete(key: Key): boolean;
  set(key: Key, value: Value): unknown;
}

/** What is kept under a key has become larger or smaller: an `LRUCache` looks at the size of a value only when it first takes it in. */
export const weighAgain = <Key, Value>(cache: Weighing<Key, Value>, key: Key): void => {
  const value = cache.peek(key);
  if (value === undefined) return;
  cache.delete(key);
  cache.set(key, value);
};
