import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import { checkContentHash } from '../../core/events/hashes.ts';
import { isRefused, parsePdu, type ParseOptions } from '../../core/events/parse-pdu.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomIdentity } from '../model.ts';
import type { EventVerifier } from './ports.ts';

export interface Admitted {
  /** Of this room, well-formed and signed by whom they must be; without content that does not match its hash. */
  readonly events: readonly Event[];
  /** Why the others are dropped, by their ids as far as they have one. */
  readonly refused: ReadonlyMap<EventId, string>;
}

/**
 * The first checks on receipt of a PDU, which need nothing of the room but its version: form, signatures, hash.
 * https://spec.matrix.org/latest/server-server-api/#checks-performed-on-receipt-of-a-pdu (steps 1 to 3)
 */
export class Admission {
  readonly #verifier: EventVerifier;
  readonly #log: Log;

  constructor(verifier: EventVerifier, log: Log) {
    this.#verifier = verifier;
    this.#log = log;
  }

  async admit(room: RoomIdentity, raw: readonly unknown[], options: ParseOptions = {}): Promise<Admitted> {
    const refused = new Map<EventId, string>();
    const events = this.#parse(room, raw, { options, refused });
    const verdicts = await this.#verifier.verifyEvents([...events.values()]);
    const admitted: Event[] = [];
    for (const [id, event] of events) {
      const verdict = verdicts.get(id);
      if (verdict?.allowed) admitted.push(checkContentHash(event) ? event : redactEvent(event));
      else refused.set(id, verdict?.reason ?? 'its signatures were not checked');
    }
    for (const [eventId, why] of refused) this.#log.info('event dropped', { roomId: room.roomId, eventId, why });
    return { events: admitted, refused };
  }

  #parse(
    { version, roomId }: RoomIdentity,
    raw: readonly unknown[],
    { options, refused }: { readonly options: ParseOptions; readonly refused: Map<EventId, string> },
  ): Map<EventId, Event> {
    const events = new Map<EventId, Event>();
    for (const pdu of raw) {
      const event = parsePdu(pdu, version, options);
      if (isRefused(event)) this.#log.debug('malformed event dropped', { roomId, why: event.refused });
      else if (event.roomId !== roomId) refused.set(event.eventId, 'it is of another room');
      else events.set(event.eventId, event);
    }
    return events;
  }
}
