/**
 * Look-ups of the newest rows of many things that many ask for at the same moment, as after a start: whoever wants what is on its way waits
 * for that, and asks for the rest. Unlike with a `Gather`, nobody waits for what only others want.
 */
export class Underway<Item> {
  readonly #nameOf: (item: Item) => string | number;
  readonly #fetch: (items: readonly Item[], limit: number) => Promise<void>;
  readonly #byName = new Map<string, Promise<void>>();

  /** `fetch` is given what is not on its way yet, with how many rows are wanted of each. */
  constructor(
    nameOf: (item: Item) => string | number,
    fetch: (items: readonly Item[], limit: number) => Promise<void>,
  ) {
    this.#nameOf = nameOf;
    this.#fetch = fetch;
  }

  /** Fails where one of those waited for does. */
  async load(items: readonly Item[], limit: number): Promise<void> {
    const nameOf = (item: Item): string => `${this.#nameOf(item)} ${limit}`;
    const mine = items.filter((item) => !this.#byName.has(nameOf(item)));
    const awaited = new Set(items.flatMap((item) => this.#byName.get(nameOf(item)) ?? []));
    if (mine.length > 0) awaited.add(this.#begin(mine.map(nameOf), this.#fetch(mine, limit)));
    await Promise.all(awaited);
  }

  #begin(names: readonly string[], fetched: Promise<void>): Promise<void> {
    const fetching = fetched.finally(() => {
      for (const name of names) this.#byName.delete(name);
    });
    for (const name of names) this.#byName.set(name, fetching);
    return fetching;
  }
}
