import { hash } from 'node:crypto';

/** SHA-256 of a text's UTF-8, as unpadded base64 in one of the two alphabets. */
export const sha256 = (text: string, alphabet: 'base64' | 'base64url' = 'base64'): string => {
  const digest = hash('sha256', text, alphabet);
  // 32 bytes make 43 characters; the url-safe form comes without padding.
  return alphabet === 'base64' ? digest.slice(0, 43) : digest;
};
