/** https://spec.matrix.org/latest/appendices/#unpadded-base64 */
export const encodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replace(/=+$/, '');

/** Unpadded base64 in the alphabet that may stand in a path. */
export const encodeBase64Url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

/** Bytes of standard base64, padded or not; undefined for anything else. */
export const decodeBase64 = (text: string): Buffer | undefined => decode(text, STANDARD);

/** Bytes of url-safe base64, padded or not; undefined for anything else. */
export const decodeBase64Url = (text: string): Buffer | undefined => decode(text, URL_SAFE);

// Node reads both alphabets and skips what is in neither, so the pattern does the refusing.
const decode = (text: string, alphabet: RegExp): Buffer | undefined =>
  alphabet.test(text) && text.replace(/=+$/, '').length % 4 !== 1 ? Buffer.from(text, 'base64') : undefined;
