import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Entropy, token } from '../../platform/entropy.ts';

/*
 * `hlm_`, 40 random characters (240 bits), `_` and a checksum. The prefix lets scanners find leaked tokens; the
 * checksum lets us refuse mistyped and made-up ones without asking the database.
 */
const PREFIX = 'hlm_';
const RANDOM = 40;
const FORMAT = /^hlm_([A-Za-z0-9_-]{40})_([0-9a-z]{7})$/;

const checksum = (random: string): string => crc32(random).toString(36).padStart(7, '0');

export const mintAccessToken = (entropy: Entropy): string => {
  const random = token(entropy, RANDOM);
  return `${PREFIX}${random}_${checksum(random)}`;
};

export const isAccessToken = (raw: string): boolean => {
  const [, random, sum] = FORMAT.exec(raw) ?? [];
  return random !== undefined && checksum(random) === sum;
};

/** What is stored and compared instead of the token. It has 240 random bits, so a fast hash will do. */
export const hashOfToken = (raw: string): TokenHash => hash('sha256', raw, 'base64url') as TokenHash;

declare const kind: unique symbol;
export type TokenHash = string & { readonly [kind]: 'TokenHash' };
