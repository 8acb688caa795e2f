import { en } from './en.ts';

export type Words = typeof en;

/** The words in use. */
export const t: Words = en;
