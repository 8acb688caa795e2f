import type { Ended } from '../open-polls.ts';

/** Of each connection of a device the poll that was begun last, while it waits: a client has one request at a time. */
export class LatestPolls<Poll extends Ended> {
  readonly #byName = new Map<string, Poll>();

  /** Whichever poll the connection had before is over. */
  add(name: string, poll: Poll): void {
    this.#byName.get(name)?.end('over');
    this.#byName.set(name, poll);
  }

  has(name: string, poll: Poll): boolean {
    return this.#byName.get(name) === poll;
  }

  delete(name: string, poll: Poll): void {
    if (this.has(name, poll)) this.#byName.delete(name);
  }
}
