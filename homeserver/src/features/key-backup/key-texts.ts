import type { KeyBackupData } from '@holm/spec/client-server/key-backup';

export interface BackedUpKey {
  readonly roomId: string;
  readonly sessionId: string;
  readonly firstMessageIndex: number;
  readonly forwardedCount: number;
  readonly isVerified: boolean;
  /** JSON. */
  readonly sessionData: string;
}

/** A key as it is kept. */
export const fromClient = (roomId: string, sessionId: string, key: KeyBackupData): BackedUpKey => ({
  roomId,
  sessionId,
  firstMessageIndex: key.first_message_index,
  forwardedCount: key.forwarded_count,
  isVerified: key.is_verified,
  sessionData: JSON.stringify(key.session_data),
});

/** What is in a key is JSON already, and a backup may have a hundred thousand. */
export const keyText = (key: BackedUpKey): string =>
  `{"first_message_index":${key.firstMessageIndex},"forwarded_count":${key.forwardedCount},` +
  `"is_verified":${key.isVerified},"session_data":${key.sessionData}}`;

export const sessionsText = (keys: readonly BackedUpKey[]): string =>
  `{"sessions":{${keys.map((key) => `${JSON.stringify(key.sessionId)}:${keyText(key)}`).join(',')}}}`;

export const roomsText = (keys: readonly BackedUpKey[]): string => {
  const rooms = [...Map.groupBy(keys, ({ roomId }) => roomId)];
  return `{"rooms":{${rooms.map(([roomId, ofRoom]) => `${JSON.stringify(roomId)}:${sessionsText(ofRoom)}`).join(',')}}}`;
};
