import { inOrder } from '../ingest/order.ts';
import { Placer, type PlacerDeps } from '../ingest/placer.ts';
import { Unrejection } from '../ingest/unrejection.ts';
import { slices } from '../../platform/turns.ts';
import type { StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';

const EVENTS_AT_ONCE = 100;
/** Refused events of one room that are judged again: the newest. */
const MAX_JUDGED_AGAIN = 1_000;

/** Nobody looks at a room any more as if it were known in part. */
const KNOWN_IN_FULL = { get: () => undefined };

/**
 * A second chance for what was refused while most members of a room were unknown: the refusal may have rested on what has
 * been taken back. What passes now is news, as in ADR 0012.
 */
export class SecondLook {
  readonly #deps: PlacerDeps;
  readonly #change: Change;
  readonly #placer: Placer;

  constructor(deps: PlacerDeps, change: Change) {
    this.#deps = deps;
    this.#change = change;
    this.#placer = new Placer({ ...deps, partial: KNOWN_IN_FULL }, change, { events: [], followers: new Map() });
  }

  async at(refused: readonly StoredEvent[]): Promise<void> {
    const newest = [...refused].sort((a, b) => b.nid - a.nid).slice(0, MAX_JUDGED_AGAIN);
    const ordered = inOrder(
      newest.map(({ event }) => event),
      ({ authEvents, prevEvents }) => [...authEvents, ...prevEvents],
    );
    for await (const some of slices(ordered, EVENTS_AT_ONCE)) {
      for (const event of some) await this.#placer.place({ event, again: true });
    }
    const placing = { change: this.#change, known: this.#placer.known, placer: this.#placer };
    await new Unrejection(this.#deps.db, placing).after(this.#placer.news);
  }
}
