import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import { isRefused, parsePdu, type ParseOptions } from '../../../core/events/parse-pdu.ts';
import { Turns } from '../../../platform/turns.ts';
import type { RoomIdentity } from '../../model.ts';

export interface WellFormed {
  readonly events: ReadonlyMap<EventId, Event>;
  /** Events, but of another room. */
  readonly foreign: readonly EventId[];
  /** Why the others are no events at all. */
  readonly malformed: readonly string[];
}

/** Check 1: it is a valid event of the room, "otherwise it is dropped". */
export const checkFormat = async (
  { version, roomId }: RoomIdentity,
  raw: readonly unknown[],
  options: ParseOptions,
): Promise<WellFormed> => {
  const events = new Map<EventId, Event>();
  const foreign: EventId[] = [];
  const malformed: string[] = [];
  const turns = new Turns();
  for (const pdu of raw) {
    if (turns.isOver) await turns.next();
    const event = parsePdu(pdu, version, options);
    if (isRefused(event)) malformed.push(event.refused);
    else if (event.roomId !== roomId) foreign.push(event.eventId);
    else events.set(event.eventId, event);
  }
  return { events, foreign, malformed };
};
