import { canonicalJson } from '../json/canonical.ts';
import type { Event } from './event.ts';
import { numberRule } from './hashes.ts';

/** The JSON of an event as it is stored and sent to servers: canonical, so that every number keeps its text. */
export const pduText = ({ text, pdu, version }: Pick<Event, 'text' | 'pdu' | 'version'>): string =>
  text ?? canonicalJson(pdu, numberRule(version));

/** To be told once the event is stored: its text is a third of what it takes in memory, and next to nobody asks again. */
export const letGoOfText = (event: Event): void => {
  if (event.text !== undefined) event.text = undefined;
};
