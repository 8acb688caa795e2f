import type { Event } from '../../../core/events/event.ts';
import { checkContentHash } from '../../../core/events/hashes.ts';
import { redactEvent } from '../../../core/events/to-event.ts';

/** Check 3: its content is what was hashed, "otherwise it is redacted before being processed further". */
export const withTrueContent = (event: Event): Event => (checkContentHash(event) ? event : redactEvent(event));
