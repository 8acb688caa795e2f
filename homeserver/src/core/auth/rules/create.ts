import { UserId, serverOf } from '@holm/spec/ids';
import type { Event } from '../../events/event.ts';
import { roomVersion } from '../../rooms/room-version.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';

/** Rule 1: `m.room.create`. */
export const checkCreate = (event: Event): Verdict => {
  if (event.prevEvents.length > 0) return refuse('a create event has no previous events');
  const named = checkRoomId(event);
  if (!named.allowed) return named;
  const version = event.content['room_version'];
  if (version !== undefined && (typeof version !== 'string' || roomVersion(version) === undefined)) {
    return refuse('the room version is not known');
  }
  return checkCreators(event);
};

const checkRoomId = ({ version, pdu, roomId, sender }: Event): Verdict => {
  if (version.roomIds === 'create hash') {
    return pdu['room_id'] === undefined ? ALLOW : refuse('a create event that gives the room its id has no room_id');
  }
  const colon = roomId.indexOf(':');
  return colon > 0 && roomId.slice(colon + 1) === serverOf(sender)
    ? ALLOW
    : refuse("the room id is not of the sender's server");
};

const checkCreators = ({ version, content }: Event): Verdict => {
  switch (version.auth.creator) {
    case 'content':
      return content['creator'] === undefined ? refuse('the content names no creator') : ALLOW;
    case 'sender':
      return ALLOW;
    case 'sender and additional': {
      const additional = content['additional_creators'];
      const sound = additional === undefined || (Array.isArray(additional) && additional.every(UserId.is));
      return sound ? ALLOW : refuse('additional_creators is not a list of user ids');
    }
  }
};
