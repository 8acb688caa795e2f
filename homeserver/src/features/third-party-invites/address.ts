import { sha256 } from '../../core/crypto/hashes.ts';
import { isObject, type Json } from '@holm/spec/json';
import { UserId } from '@holm/spec/ids';

/** Whom a client wants to invite, and the identity server that may know them. */
export interface Address {
  readonly medium: string;
  readonly address: string;
}

/** How an identity server wants to be asked: https://spec.matrix.org/latest/identity-service-api/#association-lookup */
export interface HashDetails {
  readonly pepper: string;
  readonly algorithm: 'sha256' | 'none';
}

export const hashDetailsOf = (answer: Json): HashDetails | undefined => {
  if (!isObject(answer)) return undefined;
  const { lookup_pepper: pepper, algorithms } = answer;
  if (typeof pepper !== 'string' || !Array.isArray(algorithms)) return undefined;
  const known = (['sha256', 'none'] as const).find((name) => algorithms.includes(name));
  return known && { pepper, algorithm: known };
};

export const lookupKeyOf = ({ medium, address }: Address, { pepper, algorithm }: HashDetails): string =>
  algorithm === 'sha256' ? sha256(`${address} ${medium} ${pepper}`, 'base64url') : `${address} ${medium}`;

/** Who has the address, as far as the identity server knows. */
export const mappedUser = (answer: Json, lookupKey: string): UserId | undefined => {
  const mappings = isObject(answer) ? answer['mappings'] : undefined;
  const user = isObject(mappings) && Object.hasOwn(mappings, lookupKey) ? mappings[lookupKey] : undefined;
  return UserId.is(user) ? user : undefined;
};

/** Addresses are compared letter by letter: e-mail addresses are kept in lower case. */
export const canonical = ({ medium, address }: Address): Address => ({
  medium,
  address: medium === 'email' ? address.trim().toLowerCase() : address.trim(),
});
