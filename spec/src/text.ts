import { Type } from '@sinclair/typebox';

/**
 * Text that can be kept: bounded, and without the one character that PostgreSQL's `text` does not hold.
 *
 * Anything else a client may call its device, tag or type is its own affair.
 */
export const text = (maxLength: number, minLength = 0) =>
  Type.String({ pattern: '^[^\\u0000]*$', minLength, maxLength });

/** A name such as an event type, tag or profile key: the protocol allows 255 bytes. */
export const name = text(255, 1);

/** A name whose length has an error code of its own, which the service looks at. */
export const storable = Type.String({ pattern: '^[^\\u0000]*$' });
