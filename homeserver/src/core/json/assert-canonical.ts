import { MatrixError } from '@holm/spec/errors';
import type { Json } from '@holm/spec/json';
import { canonicalJson, NotCanonicalError } from './canonical.ts';

/** M_BAD_JSON for what a client says and other servers could not read: half a character, for one. */
export const assertCanonical = (value: Json): void => {
  try {
    canonicalJson(value, 'lenient');
  } catch (error) {
    if (error instanceof NotCanonicalError) throw new MatrixError('M_BAD_JSON', error.message, { cause: error });
    throw error;
  }
};
