export interface Entropy {
  /** A name that nobody else has used. */
  unique(): string;
}

export const browserEntropy: Entropy = {
  // `crypto.randomUUID` exists in secure contexts only, and a server on a home network may be plain HTTP.
  unique: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(''),
};
