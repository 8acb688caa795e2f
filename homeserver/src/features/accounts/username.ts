import { isLocalpart, localpartOf, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { type Entropy, token } from '../../platform/entropy.ts';

/**
 * The id of a new account. Capitals are mapped to small letters, which the specification leaves to us; anything else
 * outside the grammar has no id.
 */
export const userIdFor = (username: string, server: ServerName): UserId | undefined => {
  const localpart = username.toLowerCase();
  const userId = `@${localpart}:${server}`;
  return isLocalpart(localpart) && UserId.is(userId) ? userId : undefined;
};

/** Whom somebody means who logs in: by a full id or by its localpart. */
export const userIdMeantBy = (written: string, server: ServerName): UserId | undefined => {
  if (!written.startsWith('@')) return userIdFor(written, server);
  if (!UserId.is(written) || serverOf(written) !== server) return undefined;
  return userIdFor(localpartOf(written), server);
};

/** A name for somebody who did not choose one. */
export const randomUsername = (entropy: Entropy): string => entropy.bytes(8).toString('hex');

/** Ten capitals: a device id that can be read out on the telephone. */
export const randomDeviceId = (entropy: Entropy): string =>
  [...entropy.bytes(10)].map((byte) => String.fromCharCode(65 + (byte % 26))).join('');

/** 192 random bits of the alphabet that registration tokens are limited to. */
export const randomRegistrationToken = (entropy: Entropy): string => token(entropy, 32);
