import type { EventId } from '@holm/spec/ids';
import { pduText } from '../../core/events/pdu-text.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { EventNid, StoredEvent } from '../model.ts';
import type { Places } from './places.ts';
import type { Redacted, RedactionWrite } from './room-write.ts';

/** The redactions of one step. */
export class Redacting implements RedactionWrite {
  readonly redacted: Redacted[] = [];
  readonly arrived: EventId[] = [];
  readonly released: StoredEvent[] = [];
  readonly #awaited = new Map<EventNid, EventId>();

  get awaited(): readonly (readonly [EventId, EventNid])[] {
    return [...this.#awaited].map(([nid, target]) => [target, nid]);
  }

  get isNeeded(): boolean {
    return this.redacted.length + this.arrived.length + this.released.length + this.#awaited.size > 0;
  }

  /** The event without its content. Nothing if it has been redacted before: the first redaction counts. */
  redact(target: StoredEvent, by: EventNid): StoredEvent | undefined {
    if (target.redactedBy !== undefined || this.redacted.some((one) => one.target === target.nid)) return undefined;
    const event = redactEvent(target.event);
    const [text, original] = [pduText(event), pduText(target.event)];
    this.redacted.push({
      target: target.nid,
      by,
      text,
      original: text === original ? undefined : original,
      keyNumber: target.keyNumber,
    });
    return { ...target, event, textLength: text.length, redactedBy: by };
  }

  /** The redaction waits for its target. */
  await(target: EventId, redaction: EventNid): void {
    this.#awaited.set(redaction, target);
  }

  settle(places: Places): void {
    for (const [i, one] of this.released.entries()) this.released[i] = places.settled(one);
  }

  /** Redactions of this step that wait for `target`, which has arrived. */
  takeAwaited(target: EventId): EventNid[] {
    const nids = [...this.#awaited].filter(([, awaited]) => awaited === target).map(([nid]) => nid);
    for (const nid of nids) this.#awaited.delete(nid);
    return nids;
  }
}
