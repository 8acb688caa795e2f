import { hash } from 'node:crypto';
import type { DeviceId, UserId } from '@holm/spec/ids';

/** Which connection of whom: one that is started afresh takes the place of the one before, because both have this key. */
export interface ConnectionKey {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Of the client's own name for it, which may be of any length. */
  readonly conn: string;
  /** All of it in one. */
  readonly name: string;
}

type Owner = Pick<ConnectionKey, 'userId' | 'deviceId'>;

export const connectionKey = ({ userId, deviceId }: Owner, connId: string): ConnectionKey => {
  const conn = hash('sha256', connId, 'base64url');
  return { userId, deviceId, conn, name: `${userId} ${deviceId} ${conn}` };
};
