/**
 * The bounds of an `LRUCache` that keeps so many entries. With its own option `max` it would take the room for all of them at once,
 * which for all of our caches together is 20 MB that most servers never need.
 */
export const atMost = (entries: number) => ({ maxSize: entries, sizeCalculation: one });

const one = (): number => 1;
