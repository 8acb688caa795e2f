import { canonicalJson } from '../json/canonical.ts';
import type { Event } from './event.ts';
import { numberRule } from './hashes.ts';

/** The JSON of an event as it is stored and sent to servers: canonical, so that every number keeps its text. */
export const pduText = ({ text, pdu, version }: Pick<Event, 'text' | 'pdu' | 'version'>): string =>
  text ?? canonicalJson(pdu, numberRule(version));
