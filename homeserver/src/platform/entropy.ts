import { randomBytes } from 'node:crypto';

/** The only source of randomness. Tests seed it. */
export interface Entropy {
  bytes(length: number): Buffer;
}

export const systemEntropy: Entropy = { bytes: (length) => randomBytes(length) };

/** A random string of letters and digits of the URL-safe alphabet; six bits a character. */
export const token = (entropy: Entropy, length: number): string =>
  entropy
    .bytes(Math.ceil((length * 3) / 4))
    .toString('base64url')
    .slice(0, length);
