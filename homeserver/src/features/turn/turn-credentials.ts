import { createHmac } from 'node:crypto';
import type { UserId } from '@holm/spec/ids';

/** The configuration's section `turn`. */
export interface TurnSettings {
  readonly uris: readonly string[];
  readonly shared_secret?: string | undefined;
  readonly ttl_seconds: number;
}

/**
 * What a TURN server that shares a secret with us lets a user in with, for a while; `undefined` where there is none.
 * https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00
 */
export const turnCredentials = (
  { uris, shared_secret: secret, ttl_seconds: ttl }: TurnSettings,
  userId: UserId,
  now: number,
) => {
  if (uris.length === 0 || secret === undefined) return undefined;
  const username = `${Math.floor(now / 1_000) + ttl}:${userId}`;
  const password = createHmac('sha1', secret).update(username).digest('base64');
  return { username, password, uris: [...uris], ttl };
};
