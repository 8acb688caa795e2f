// https://spec.matrix.org/latest/client-server-api/#size-limits
export const MAX_PDU_BYTES = 65_536;
export const MAX_ID_LENGTH = 255;
export const MAX_PREV_EVENTS = 20;
export const MAX_AUTH_EVENTS = 10;

/** How a text stands to the limit of 255: peers once counted code points where the specification counts bytes. */
export const sizeOfId = (text: string): 'fits' | 'too many bytes' | 'too many code points' => {
  if (text.length <= MAX_ID_LENGTH / 3 || Buffer.byteLength(text) <= MAX_ID_LENGTH) return 'fits';
  // A code point takes two units at most, so only the texts in between need counting.
  if (text.length <= MAX_ID_LENGTH) return 'too many bytes';
  return text.length > 2 * MAX_ID_LENGTH || Array.from(text).length > MAX_ID_LENGTH
    ? 'too many code points'
    : 'too many bytes';
};
