import type { StoredEvent } from './model.ts';

/** What V8 takes for an event that is kept: for its objects and its places in lists, and for each character of its text. */
const BYTES_PER_EVENT = 700;
/** One in the strings that are parsed from the text, one in the text that clients get. */
const BYTES_PER_CHARACTER = 2;

export const bytesOfEvent = ({ textLength }: StoredEvent): number => BYTES_PER_EVENT + BYTES_PER_CHARACTER * textLength;
