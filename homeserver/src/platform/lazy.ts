/**
 * What takes memory that many servers never need, such as a large package: made once, when somebody first asks for it.
 * Whoever has one imports the package in `make` and, by value, nowhere else. What could not be made is tried again by who asks next.
 */
export class Lazy<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  get(): Promise<T> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  /** It, if somebody has asked for it: for whoever has to put it away. */
  get ifMade(): Promise<T> | undefined {
    return this.#made;
  }
}
