import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { ParseOptions } from '../../core/events/parse-pdu.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomIdentity } from '../model.ts';
import { checkFormat } from './checks/1-format.ts';
import { checkSignatures } from './checks/2-signatures.ts';
import { withTrueContent } from './checks/3-content-hash.ts';
import type { EventVerifier } from './ports.ts';

export interface Admitted {
  /** Of this room, well-formed and signed by whom they must be; without content that does not match its hash. */
  readonly events: readonly Event[];
  /** Why the others are dropped, by their ids as far as they have one. */
  readonly refused: ReadonlyMap<EventId, string>;
}

/**
 * The first checks on receipt of a PDU, which need nothing of the room but its version: form, signatures, hash.
 * https://spec.matrix.org/latest/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export class Admission {
  readonly #verifier: EventVerifier;
  readonly #log: Log;

  constructor(verifier: EventVerifier, log: Log) {
    this.#verifier = verifier;
    this.#log = log;
  }

  async admit(room: RoomIdentity, raw: readonly unknown[], options: ParseOptions = {}): Promise<Admitted> {
    const { roomId } = room;
    const { events, foreign, malformed } = checkFormat(room, raw, options);
    for (const why of malformed) this.#log.debug('malformed event dropped', { roomId, why });
    const signed = await checkSignatures(this.#verifier, [...events.values()]);
    const refused = new Map([...foreign.map((id) => [id, 'it is of another room'] as const), ...signed.refused]);
    for (const [eventId, why] of refused) this.#log.info('event dropped', { roomId, eventId, why });
    return { events: signed.events.map(withTrueContent), refused };
  }
}
