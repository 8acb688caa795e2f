import { checkContentHash } from '../../core/events/hashes.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import { type Event, isState } from '../../core/events/event.ts';
import type { Events } from '../events.ts';
import type { KnownEvents } from '../ingest/known-events.ts';
import { type EventNid, isOfRoom, type StoredEvent } from '../model.ts';
import type { Originals } from '../originals.ts';
import { effectOf, isWithheld, type RedactionEffect } from '../redactions.ts';
import type { States } from '../state/states.ts';
import type { Change } from '../write/change.ts';

export interface RedactionsAgainDeps {
  readonly events: Events;
  readonly states: States;
  readonly originals: Originals;
}

/** What became of an event whose redaction turned out to be none. */
export interface Undone {
  /** As it is now: what it was, or without its content still, by another redaction. */
  readonly event: StoredEvent;
  /** Its text, if that is another one now. */
  readonly text: string | undefined;
}

interface Looked {
  readonly redaction: StoredEvent;
  readonly target: StoredEvent | undefined;
  readonly effect: RedactionEffect;
}

/**
 * Another look at what redactions do, once a room is known in full. What was redacted by somebody who may not gets back
 * what it was: that is kept at least until then, see `rooms/originals.ts`.
 */
export class RedactionsAgain {
  readonly #deps: RedactionsAgainDeps;
  readonly #change: Change;
  readonly #known: KnownEvents;
  readonly undone: Undone[] = [];

  constructor(deps: RedactionsAgainDeps, change: Change, known: KnownEvents) {
    this.#deps = deps;
    this.#change = change;
    this.#known = known;
  }

  /** `revised`: in the order of the room. */
  async settle(revised: readonly StoredEvent[]): Promise<void> {
    const looked: Looked[] = [];
    for (const event of revised) {
      if (event.event.type === 'm.room.redaction' && !isState(event.event)) looked.push(await this.#lookAt(event));
    }
    await this.#undo(looked);
    for (const { redaction, effect } of looked) if (isWithheld(redaction.event, effect)) this.#withhold(redaction);
    for (const one of looked) this.#apply(one);
  }

  /** What had been taken for a redaction without effect has one. */
  #apply({ redaction, target, effect }: Looked): void {
    const current = target && (this.#change.event(target.nid) ?? target);
    if (effect.kind !== 'redacts' || !current || current.redactedBy !== undefined) return;
    this.#change.redact(current, redaction.nid);
    if (redaction.status === 'withheld') this.#change.release(redaction, this.#change.claim());
  }

  async #lookAt(redaction: StoredEvent): Promise<Looked> {
    const { event, snapshot, status } = redaction;
    const target =
      event.redacts === undefined ? undefined : (await this.#known.find([event.redacts])).get(event.redacts);
    if (!isOfRoom(status) || snapshot === undefined) return { redaction, target, effect: { kind: 'none' } };
    const effect = await effectOf(event, {
      target: () => Promise.resolve(target),
      view: (keys) => this.#deps.states.view(this.#change.room, snapshot, keys, this.#change),
    });
    return { redaction, target, effect };
  }

  async #undo(looked: readonly Looked[]): Promise<void> {
    const undone = new Map<EventNid, StoredEvent>();
    for (const { redaction, target, effect } of looked) {
      if (target?.redactedBy === redaction.nid && effect.kind !== 'redacts') undone.set(target.nid, target);
    }
    const originals = await this.#deps.originals.ofAll([...undone.values()]);
    for (const target of undone.values()) {
      const other = looked.find(({ target: of, effect }) => of?.nid === target.nid && effect.kind === 'redacts');
      const one = other ? redactedBy(target, other.redaction) : restored(target, originals.get(target.nid));
      if (!one) continue;
      this.undone.push(one);
      this.#change.see(one.event);
    }
  }

  /** In most versions nobody hears of a redaction that does nothing. */
  #withhold(redaction: StoredEvent): void {
    this.#change.see({ ...redaction, status: 'withheld', ord: undefined, position: undefined });
  }
}

const redactedBy = (target: StoredEvent, { nid }: StoredEvent): Undone => ({
  event: { ...target, redactedBy: nid },
  text: undefined,
});

/** Without an original either nothing was taken away, or it cannot be given back. */
const restored = (target: StoredEvent, original: Event | undefined): Undone | undefined => {
  if (original) {
    const text = pduText(original);
    return { event: { ...target, event: original, textLength: text.length, redactedBy: undefined }, text };
  }
  return checkContentHash(target.event) ? { event: { ...target, redactedBy: undefined }, text: undefined } : undefined;
};
