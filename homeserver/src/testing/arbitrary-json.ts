import type { Json, JsonObject } from '@holm/spec/json';
import fc from 'fast-check';

const text = fc.string({ unit: 'binary' });

const tied = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 6, noNullPrototype: true }),
}));

/** Any value that canonical JSON can carry. */
export const arbitraryJson = tied.value;
export const arbitraryObject = tied.object;
