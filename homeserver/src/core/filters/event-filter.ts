import type { JsonObject } from '@holm/spec/json';
import { matchAny } from './glob.ts';

/** As much of an event, of any kind, as filters look at. Ephemeral events have no sender. */
export interface Filterable {
  readonly type: string;
  readonly sender?: string | undefined;
  readonly roomId?: string | undefined;
  readonly content: JsonObject;
}

/** https://spec.matrix.org/latest/client-server-api/#filtering: an `EventFilter`, as a client writes it. */
export interface EventFilterDefinition {
  readonly limit?: number;
  readonly types?: readonly string[];
  readonly not_types?: readonly string[];
  readonly senders?: readonly string[];
  readonly not_senders?: readonly string[];
}

/** A `RoomEventFilter`, or `StateFilter`. */
export interface RoomEventFilterDefinition extends EventFilterDefinition {
  readonly rooms?: readonly string[];
  readonly not_rooms?: readonly string[];
  readonly contains_url?: boolean;
  readonly lazy_load_members?: boolean;
  readonly include_redundant_members?: boolean;
  readonly unread_thread_notifications?: boolean;
  readonly related_by_rel_types?: readonly string[];
  readonly related_by_senders?: readonly string[];
}

/** What others must have said about an event, and who; by one of each list, where there is one. */
export interface RelatedBy {
  readonly relTypes: readonly string[] | undefined;
  readonly senders: readonly string[] | undefined;
}

export interface EventFilter {
  readonly event: (event: Filterable) => boolean;
  /** No event can pass: what is asked for need not be loaded. */
  readonly isEmpty: boolean;
  /** How many events are asked for, at most `maximum`. */
  readonly limit: (bounds: { readonly fallback: number; readonly maximum: number }) => number;
}

export interface RoomEventFilter extends EventFilter {
  readonly room: (roomId: string) => boolean;
  readonly lazyLoadMembers: boolean;
  /** Does not apply unless members are loaded lazily. */
  readonly includeRedundantMembers: boolean;
  readonly unreadThreadNotifications: boolean;
  /** Not known from the event itself: `event` does not look at it. */
  readonly relatedBy: RelatedBy | undefined;
}

export const compileEventFilter = (definition: EventFilterDefinition = {}): EventFilter => {
  const { types, not_types: notTypes, senders, not_senders: notSenders } = definition;
  const type = listed(types, notTypes, matchAny);
  const sender = listed(senders, notSenders, isOneOf);
  const { limit } = definition;
  return {
    event: (event) => type(event.type) && sender(event.sender),
    isEmpty: types?.length === 0 || senders?.length === 0,
    limit: ({ fallback, maximum }) => Math.min(Math.max(limit ?? fallback, 0), maximum),
  };
};

export const compileRoomEventFilter = (definition: RoomEventFilterDefinition = {}): RoomEventFilter => {
  const filter = compileEventFilter(definition);
  const room = compileRooms(definition);
  const containsUrl = definition.contains_url;
  const lazyLoadMembers = definition.lazy_load_members ?? false;
  return {
    ...filter,
    room,
    isEmpty:
      [definition.rooms, definition.related_by_rel_types, definition.related_by_senders].some(
        (list) => list?.length === 0,
      ) || filter.isEmpty,
    event: (event) =>
      filter.event(event) &&
      (event.roomId === undefined || room(event.roomId)) &&
      (containsUrl === undefined || (event.content['url'] !== undefined) === containsUrl),
    lazyLoadMembers,
    includeRedundantMembers: lazyLoadMembers && (definition.include_redundant_members ?? false),
    unreadThreadNotifications: definition.unread_thread_notifications ?? false,
    relatedBy: relatedBy(definition),
  };
};

/** The index of relations has no other ones. */
const isStorable = (text: string): boolean => !text.includes('\0');

const relatedBy = (definition: RoomEventFilterDefinition): RelatedBy | undefined => {
  const { related_by_rel_types: relTypes, related_by_senders: senders } = definition;
  return relTypes || senders ? { relTypes: relTypes?.filter(isStorable), senders } : undefined;
};

/** Whether a filter asks for a room. */
export const compileRooms = (definition: {
  readonly rooms?: readonly string[];
  readonly not_rooms?: readonly string[];
}): ((roomId: string) => boolean) => listed(definition.rooms, definition.not_rooms, isOneOf);

type Matches = (text: string) => boolean;

const isOneOf = (texts: readonly string[]): Matches => {
  const set = new Set(texts);
  return (text) => set.has(text);
};

/** An absent list lets everything in; what is in the second list stays out, whatever the first says. */
const listed = (
  only: readonly string[] | undefined,
  not: readonly string[] | undefined,
  compile: (texts: readonly string[]) => Matches,
): ((text: string | undefined) => boolean) => {
  const included = only && compile(only);
  const excluded = not && compile(not);
  return (text) =>
    text === undefined
      ? included === undefined
      : (included === undefined || included(text)) && (excluded === undefined || !excluded(text));
};
