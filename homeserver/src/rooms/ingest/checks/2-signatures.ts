import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { EventVerifier } from '../ports.ts';

/** An event that may be signed as it must be: the servers that could tell do not answer. */
export interface Unproven {
  readonly event: Event;
  readonly waitsFor: readonly ServerName[];
}

export interface Signed {
  readonly events: readonly Event[];
  readonly refused: ReadonlyMap<EventId, string>;
  /** Those of the refused that are worth another look. */
  readonly unproven: readonly Unproven[];
}

/** Check 2: it is signed by whom it must be, "otherwise it is dropped". */
export const checkSignatures = async (verifier: EventVerifier, events: readonly Event[]): Promise<Signed> => {
  const verdicts = await verifier.verifyEvents(events);
  const signed: Event[] = [];
  const refused = new Map<EventId, string>();
  const unproven: Unproven[] = [];
  for (const event of events) {
    const verdict = verdicts.get(event.eventId);
    if (verdict?.allowed) signed.push(event);
    else refused.set(event.eventId, verdict?.reason ?? 'its signatures were not checked');
    if (verdict?.waitsFor) unproven.push({ event, waitsFor: verdict.waitsFor });
  }
  return { events: signed, refused, unproven };
};
