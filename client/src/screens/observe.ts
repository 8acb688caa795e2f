import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Value } from '../reactive/value.ts';

/** Redraws a screen whenever one of the values it reads changes, for as long as it is on the page. */
export class Observe implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #pick: () => readonly Value<unknown>[];
  #watched: readonly Value<unknown>[] = [];
  #watches: readonly Disposable[] = [];

  /** @param pick called again before each redraw, so that a screen may be given another model */
  constructor(host: ReactiveControllerHost, pick: () => readonly Value<unknown>[]) {
    this.#host = host;
    this.#pick = pick;
    host.addController(this);
  }

  hostUpdate(): void {
    const values = this.#pick();
    if (values.length === this.#watched.length && values.every((value, i) => value === this.#watched[i])) return;
    this.hostDisconnected();
    this.#watched = values;
    this.#watches = values.map((value) => value.observe(() => this.#host.requestUpdate()));
  }

  /** Back on the page: the next redraw watches again. */
  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#watched = [];
    this.#watches = [];
  }
}
