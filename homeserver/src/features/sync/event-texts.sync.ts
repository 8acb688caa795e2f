import type { JsonObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import type { Filterable } from '../../core/filters/event-filter.ts';
import type { Filter } from '../../core/filters/filter.ts';
import type { Caller } from '../../http/route.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import { type ClientEvents, shown } from '../../rooms/timeline/client-events.ts';
import type { JsonText } from './json-text.ts';

export const filterable = ({ type, sender, roomId, content }: Event): Filterable => ({ type, sender, roomId, content });

/** Events in the format that a filter asks for, the same for everybody. */
export const textsOf = async (
  clientEvents: ClientEvents,
  events: readonly StoredEvent[],
  filter: Filter,
): Promise<JsonText[]> =>
  filter.eventFormat === 'federation'
    ? events.map((event) => pduText(shown(event)))
    : (await clientEvents.shared(events)).map((text) => reduced(text, filter));

/** As `textsOf`, with what only the device that sent an event is told. */
export const ownTextsOf = async (
  clientEvents: ClientEvents,
  events: readonly StoredEvent[],
  { filter, viewer }: { readonly filter: Filter; readonly viewer: Caller },
): Promise<JsonText[]> =>
  filter.eventFormat === 'federation'
    ? textsOf(clientEvents, events, filter)
    : (await clientEvents.texts(events, viewer)).map((text) => reduced(text, filter));

const PROBE: JsonObject = {};

/** A filter that names no fields gives back the very object that it is given. */
const reduced = (text: JsonText, { eventFields }: Filter): JsonText =>
  eventFields(PROBE) === PROBE ? text : JSON.stringify(eventFields(JSON.parse(text) as JsonObject));
