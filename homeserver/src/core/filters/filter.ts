import type { EventFields } from './event-fields.ts';
import { compileEventFields } from './event-fields.ts';
import type { EventFilter, EventFilterDefinition, RoomEventFilter, RoomEventFilterDefinition } from './event-filter.ts';
import { compileEventFilter, compileRoomEventFilter, compileRooms } from './event-filter.ts';

/** https://spec.matrix.org/latest/client-server-api/#filtering: a whole filter, as a client writes it. */
export interface FilterDefinition {
  readonly event_fields?: readonly string[];
  readonly event_format?: 'client' | 'federation';
  readonly presence?: EventFilterDefinition;
  readonly account_data?: EventFilterDefinition;
  readonly room?: {
    readonly rooms?: readonly string[];
    readonly not_rooms?: readonly string[];
    readonly include_leave?: boolean;
    readonly ephemeral?: RoomEventFilterDefinition;
    readonly state?: RoomEventFilterDefinition;
    readonly timeline?: RoomEventFilterDefinition;
    readonly account_data?: RoomEventFilterDefinition;
  };
}

export interface RoomFilter {
  /** Applied before the filters of the parts, which may leave out more rooms. */
  readonly room: (roomId: string) => boolean;
  readonly includeLeave: boolean;
  readonly ephemeral: RoomEventFilter;
  readonly state: RoomEventFilter;
  readonly timeline: RoomEventFilter;
  readonly accountData: RoomEventFilter;
}

export interface Filter {
  readonly eventFields: EventFields;
  readonly eventFormat: 'client' | 'federation';
  readonly presence: EventFilter;
  readonly accountData: EventFilter;
  readonly room: RoomFilter;
}

/** Takes a definition whose shape has been checked. What it leaves out is not filtered. */
export const compileFilter = (definition: FilterDefinition = {}): Filter => {
  const room = definition.room ?? {};
  return {
    eventFields: compileEventFields(definition.event_fields),
    eventFormat: definition.event_format ?? 'client',
    presence: compileEventFilter(definition.presence),
    accountData: compileEventFilter(definition.account_data),
    room: {
      room: compileRooms(room),
      includeLeave: room.include_leave ?? false,
      ephemeral: compileRoomEventFilter(room.ephemeral),
      state: compileRoomEventFilter(room.state),
      timeline: compileRoomEventFilter(room.timeline),
      accountData: compileRoomEventFilter(room.account_data),
    },
  };
};
