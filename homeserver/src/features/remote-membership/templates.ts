import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { signTemplate, type Signer } from '../../core/events/build.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused } from '../../core/events/parse-pdu.ts';
import { roomVersion, type RoomVersion } from '../../core/rooms/room-version.ts';

export interface Template {
  readonly room_version?: string;
  readonly event: JsonObject;
}

/** The room version that a template is for: servers that know only the first two do not say. */
export const versionOf = ({ room_version }: Template): RoomVersion => {
  const version = roomVersion(room_version ?? '1');
  if (!version) {
    throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `room version ${room_version} is not supported here`, {
      extra: { room_version },
    });
  }
  return version;
};

export interface Completion {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly content: JsonObject;
  readonly sentAt: number;
  /** In versions whose events are named by their servers. */
  readonly eventId: string;
}

/**
 * Makes a template of another server our own event. Only where the event stands in the room is taken from it; what it
 * says is ours, but for who authorises the join.
 */
export const complete = (template: Template, wanted: Completion, signer: Signer): Event => {
  const version = versionOf(template);
  const problem = faultOf(template.event, wanted);
  if (problem !== undefined) throw nonsense(problem);
  const { prev_events, auth_events, depth, content: proposed } = template.event;
  const isJoin = wanted.content['membership'] === 'join';
  const authoriser = isJoin && isObject(proposed) ? proposed['join_authorised_via_users_server'] : undefined;
  const event = signTemplate(
    {
      type: 'm.room.member',
      room_id: wanted.roomId,
      sender: wanted.user,
      state_key: wanted.user,
      content: {
        ...wanted.content,
        ...(authoriser !== undefined && { join_authorised_via_users_server: authoriser }),
      },
      origin_server_ts: wanted.sentAt,
      prev_events,
      auth_events,
      depth,
      ...(version.eventIds === 'supplied' && { event_id: wanted.eventId }),
    },
    version,
    signer,
  );
  if (isRefused(event)) throw nonsense(event.refused);
  return event;
};

const nonsense = (why: string): MatrixError =>
  new MatrixError('M_UNKNOWN', `the other server's proposal is no event: ${why}`, { status: 502 });

/** Before it is signed, a template has to be found to be for what was asked for; but for the place it takes, it is ours. */
const faultOf = (event: JsonObject, { roomId, user, content }: Completion): string | undefined => {
  const { type, room_id, sender, state_key, content: proposed } = event;
  if (type !== 'm.room.member' || !isObject(proposed)) return 'it is no membership';
  if (proposed['membership'] !== content['membership']) return 'it is for another membership';
  if (room_id !== roomId) return 'it is for another room';
  return sender === user && state_key === user ? undefined : 'it is for another user';
};
