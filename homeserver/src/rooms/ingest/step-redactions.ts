import type { Event } from '../../core/events/event.ts';
import type { Events } from '../events.ts';
import type { EventNid, EventStatus, SnapshotId } from '../model.ts';
import { effectOf, isWithheld, type RedactionEffect } from '../redactions.ts';
import type { States } from '../state/states.ts';
import type { Change } from '../write/change.ts';

export interface Judged {
  readonly status: EventStatus;
  /** What it does to others, if it is a redaction. */
  readonly effect: RedactionEffect;
}

/** Whose content the events of one step take away. */
export class StepRedactions {
  readonly #deps: { readonly events: Events; readonly states: States };
  readonly #change: Change;

  constructor(deps: { readonly events: Events; readonly states: States }, change: Change) {
    this.#deps = deps;
    this.#change = change;
  }

  /** What becomes of an event that the rules have judged, if it is a redaction. */
  async judge(event: Event, status: EventStatus, before: SnapshotId): Promise<Judged> {
    if (status !== 'accepted') return { status, effect: { kind: 'none' } };
    const { states, events } = this.#deps;
    const effect = await effectOf(event, {
      target: async (id) => this.#change.byId(id) ?? (await events.byId(id)),
      view: (keys) => states.view(this.#change.room, before, keys, this.#change),
    });
    return { status: isWithheld(event, effect) ? 'withheld' : status, effect };
  }

  /** The redaction has got its place. */
  placed(effect: RedactionEffect, redaction: EventNid): void {
    if (effect.kind === 'redacts') this.#change.redact(effect.target, redaction);
    if (effect.kind === 'waits') this.#change.redacting.await(effect.target, redaction);
  }
}
