import type { EventId } from '@holm/spec/ids';
import { type Event, isState } from '../../core/events/event.ts';
import type { ParseOptions } from '../../core/events/parse-pdu.ts';
import type { Log } from '../../platform/log.ts';
import { mapInTurns } from '../../platform/turns.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomIdentity } from '../model.ts';
import { checkFormat } from './checks/1-format.ts';
import { checkSignatures, type Unproven } from './checks/2-signatures.ts';
import { withTrueContent } from './checks/3-content-hash.ts';
import { gapsStore } from './gaps.store.ts';
import { type Reach, reachable } from './missing/reach.ts';
import type { EventVerifier } from './ports.ts';

export interface AdmissionDeps {
  readonly db: Database;
  readonly verifier: EventVerifier;
  readonly log: Log;
}

export interface AdmitOptions extends ParseOptions {
  /** Leaves out what is stored already, instead of checking it again. */
  readonly skipStored?: boolean;
  /** Only what leads on from there is looked at. Checking signatures is dear; a list of what nobody asked for is not worth it. */
  readonly reach?: Reach;
}

export interface Admitted {
  /** What has been left out because it is stored. */
  readonly stored: readonly EventId[];
  /** Of this room, well-formed and signed by whom they must be; without content that does not match its hash. */
  readonly events: readonly Event[];
  /** Why the others are dropped, by their ids as far as they have one. */
  readonly refused: ReadonlyMap<EventId, string>;
  /** Those of the refused for which the keys are missing; nothing of them has been checked but their form. */
  readonly unproven: readonly Unproven[];
}

/**
 * The first checks on receipt of a PDU, which need nothing of the room but its version: form, signatures, hash.
 * https://spec.matrix.org/latest/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export class Admission {
  readonly #deps: AdmissionDeps;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  async admit(room: RoomIdentity, raw: readonly unknown[], options: AdmitOptions = {}): Promise<Admitted> {
    const { verifier, log } = this.#deps;
    const { roomId } = room;
    const { events, foreign, malformed } = await checkFormat(room, raw, options);
    for (const why of malformed) log.debug('malformed event dropped', { roomId, why });
    const wanted = options.reach ? reachable(events, options.reach) : events;
    const news = options.skipStored === true ? await this.#unknown(wanted) : [...wanted.values()];
    const signed = await checkSignatures(verifier, news);
    const refused = new Map([...foreign.map((id) => [id, 'it is of another room'] as const), ...signed.refused]);
    for (const [eventId, why] of refused) log.info('event not admitted', { roomId, eventId, why });
    const isNews = new Set(news);
    const stored = [...wanted].filter(([, event]) => !isNews.has(event)).map(([id]) => id);
    const { unproven } = signed;
    return { events: await mapInTurns(signed.events, withTrueContent), stored, refused, unproven };
  }

  /** Nobody reads what thousands of events say to see that they are there. */
  async #unknown(events: ReadonlyMap<EventId, Event>): Promise<Event[]> {
    const refs = await gapsStore.refs(this.#deps.db, [...events.keys()]);
    const known = new Map(refs.map((ref) => [ref.id, ref]));
    return [...events.values()].filter((event) => {
      const ref = known.get(event.eventId);
      return !ref || (isState(event) && ref.authNumber === undefined && !ref.isPlaced);
    });
  }
}
