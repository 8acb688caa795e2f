import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { EventVerifier } from '../ports.ts';

export interface Signed {
  readonly events: readonly Event[];
  readonly refused: ReadonlyMap<EventId, string>;
}

/** Check 2: it is signed by whom it must be, "otherwise it is dropped". */
export const checkSignatures = async (verifier: EventVerifier, events: readonly Event[]): Promise<Signed> => {
  const verdicts = await verifier.verifyEvents(events);
  const signed: Event[] = [];
  const refused = new Map<EventId, string>();
  for (const event of events) {
    const verdict = verdicts.get(event.eventId);
    if (verdict?.allowed) signed.push(event);
    else refused.set(event.eventId, verdict?.reason ?? 'its signatures were not checked');
  }
  return { events: signed, refused };
};
