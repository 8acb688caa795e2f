/**
 * Look-ups of many things at once that many ask for at the same moment, as after a start: whoever wants what is on its way waits for that,
 * and asks for the rest. Unlike with a `Gather`, nobody waits for what only others want.
 */
export class Underway<Item> {
  readonly #nameOf: (item: Item) => string;
  readonly #byName = new Map<string, Promise<void>>();

  constructor(nameOf: (item: Item) => string) {
    this.#nameOf = nameOf;
  }

  /** `fetch` is given what nobody has asked for yet, if there is anything. Fails where one of those waited for does. */
  async load(items: readonly Item[], fetch: (items: readonly Item[]) => Promise<void>): Promise<void> {
    const mine = items.filter((item) => !this.#byName.has(this.#nameOf(item)));
    const awaited = new Set(items.flatMap((item) => this.#byName.get(this.#nameOf(item)) ?? []));
    if (mine.length > 0) awaited.add(this.#begin(mine, fetch));
    await Promise.all(awaited);
  }

  #begin(items: readonly Item[], fetch: (items: readonly Item[]) => Promise<void>): Promise<void> {
    const names = items.map(this.#nameOf);
    const fetching = fetch(items).finally(() => {
      for (const name of names) this.#byName.delete(name);
    });
    for (const name of names) this.#byName.set(name, fetching);
    return fetching;
  }
}
