import type { JsonObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import type { Filterable } from '../../core/filters/event-filter.ts';
import type { Filter } from '../../core/filters/filter.ts';
import type { Caller } from '../../http/route.ts';
import { slices } from '../../platform/turns.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Reader, Relations } from '../../rooms/relations/bundles.ts';
import { type ClientEvents, type Dress, type DressOf, shown } from '../../rooms/timeline/client-events.ts';
import type { Presenter } from '../../rooms/timeline/presenter.ts';
import type { JsonText } from './json-text.ts';

export const filterable = ({ type, sender, roomId, content }: Event): Filterable => ({ type, sender, roomId, content });

/** For whoever was in the room all the time, and could see all of it. */
const AS_MEMBER: Dress = { previous: true, membership: 'join' };

/** Events that are put into words before others have their turn. */
const WRITTEN_AT_ONCE = 250;

/**
 * Events of a room's state in the format that a filter asks for, the same for everybody. There may be a great many: then each text
 * is a list of some of them, without its brackets.
 */
export const textsOf = async (
  clientEvents: ClientEvents,
  events: readonly StoredEvent[],
  filter: Filter,
): Promise<JsonText[]> => {
  const write = (some: readonly StoredEvent[]) => formatted(some, filter, () => clientEvents.shared(some));
  if (events.length <= WRITTEN_AT_ONCE) return write(events);
  const texts: JsonText[] = [];
  for await (const some of slices(events, WRITTEN_AT_ONCE)) texts.push((await write(some)).join(','));
  return texts;
};

/** As `textsOf`, for a timeline. What else its sender or its reader are told is missing. */
export const memberTextsOf = (
  clientEvents: ClientEvents,
  events: readonly StoredEvent[],
  filter: Filter,
): Promise<JsonText[]> => formatted(events, filter, () => clientEvents.shared(events, () => AS_MEMBER));

/** As `memberTextsOf`, with what only the device that sent an event is told, and with what others say about the events. */
export const senderTextsOf = (
  clientEvents: ClientEvents,
  events: readonly StoredEvent[],
  {
    filter,
    viewer,
    relations,
  }: { readonly filter: Filter; readonly viewer: Caller; readonly relations?: Relations | undefined },
): Promise<JsonText[]> => {
  const dressOf: DressOf = ({ nid }) => ({ ...AS_MEMBER, relations: relations?.get(nid) });
  return formatted(events, filter, () => clientEvents.texts(events, viewer, relations ? dressOf : () => AS_MEMBER));
};

/** As one reader sees them, and with what others say about them if that is asked for. */
export const readerTextsOf = (
  presenter: Presenter,
  { reader, events, withRelations }: { reader: Reader; events: readonly StoredEvent[]; withRelations: boolean },
  filter: Filter,
): Promise<JsonText[]> => formatted(events, filter, () => presenter.short(reader, events, withRelations));

const formatted = async (
  events: readonly StoredEvent[],
  filter: Filter,
  write: () => Promise<readonly string[]>,
): Promise<JsonText[]> => {
  const isOfServers = filter.eventFormat === 'federation';
  const texts = isOfServers ? events.map((event) => pduText(shown(event))) : await write();
  return texts.map((text) => reduced(text, filter));
};

const PROBE: JsonObject = {};

/** A filter that names no fields gives back the very object that it is given. */
const reduced = (text: JsonText, { eventFields }: Filter): JsonText =>
  eventFields(PROBE) === PROBE ? text : JSON.stringify(eventFields(JSON.parse(text) as JsonObject));
