import { FormatRegistry, Type } from '@sinclair/typebox';
import { EventId, RoomAlias, RoomId, ServerName, UserId } from './ids.ts';
import type { Json, JsonObject } from './json.ts';

const format = <T extends string>(name: string, is: (raw: string) => raw is T) => {
  FormatRegistry.Set(name, is);
  return Type.Unsafe<T>(Type.String({ format: name }));
};

const isRoomIdOrAlias = (raw: string): raw is RoomId | RoomAlias => RoomId.is(raw) || RoomAlias.is(raw);

/** Schemas of identifiers: a value that passes is branded as what it is. */
export const formats = {
  eventId: format('mx-event-id', EventId.is),
  roomId: format('mx-room-id', RoomId.is),
  roomAlias: format('mx-room-alias', RoomAlias.is),
  roomIdOrAlias: format('mx-room-id-or-alias', isRoomIdOrAlias),
  serverName: format('mx-server-name', ServerName.is),
  userId: format('mx-user-id', UserId.is),
  /** A time in milliseconds, or any other number that JSON keeps whole. */
  integer: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  /** Any JSON object, such as an event's content. */
  object: Type.Unsafe<JsonObject>(Type.Object({}, { additionalProperties: true })),
  /** Any JSON value at all. */
  json: Type.Unsafe<Json>(Type.Unknown()),
};

/** No parameters, query or body. */
export const nothing = Type.Object({});
