import { MatrixError } from '@holm/spec/errors';
import type { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import { sha256 } from '../../core/crypto/hashes.ts';
import { canonicalJson } from '../../core/json/canonical.ts';

/** The slot of calls in a room, for clients that knew of no others. */
export const ROOM_SLOT = 'm.call#ROOM';

/** A call as the SFU knows it: there is one for each slot of each room. The name says neither. */
export const callName = (roomId: RoomId, slotId: string): string => hashed([roomId, slotId]);

/**
 * Under what others in a call see a member, which clients work out from the member's event. It rests on the sender, so
 * that nobody can come as somebody else.
 */
export const memberIdentity = (userId: UserId, memberId: string): string => hashed([userId, memberId]);

/** As drafts had it, which the service beside the homeserver still does. */
export const draftIdentity = (userId: UserId, deviceId: DeviceId, memberId: string): string =>
  hashed([userId, deviceId, memberId]);

/**
 * As it was before members had ids; it hides nobody. A device that begins like a port is refused: it would come as
 * somebody whose server has one.
 */
export const deviceIdentity = (userId: UserId, deviceId: DeviceId): string => {
  if (/^\d+:/.test(deviceId)) throw new MatrixError('M_BAD_JSON', 'this device cannot be told from another one');
  return `${userId}:${deviceId}`;
};

const hashed = (parts: readonly string[]): string => {
  if (!parts.every((part) => part.isWellFormed())) throw new MatrixError('M_BAD_JSON', 'an id is not Unicode');
  return sha256(canonicalJson([...parts]));
};
