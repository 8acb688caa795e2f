import { t } from './words.ts';

const LOCALE = 'en-GB';
const DAY_MS = 86_400_000;
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'short' });
const date = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const dated = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const longDated = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'short' });

export const timeOfDay = (at: number): string => clock.format(at);

export const fullTime = (at: number): string => full.format(at);

/** As short as it can be and still be understood: for a list. */
export const shortTime = (at: number, now: number): string => {
  const days = daysBetween(at, now);
  if (days <= 0) return clock.format(at);
  if (days === 1) return t.yesterday;
  if (days < 7) return weekday.format(at);
  return sameYear(at, now) ? date.format(at) : dated.format(at);
};

export const dayName = (at: number, now: number): string => {
  const days = daysBetween(at, now);
  if (days === 0) return t.today;
  if (days === 1) return t.yesterday;
  return sameYear(at, now) ? longDay.format(at) : longDated.format(at);
};

const sameYear = (a: number, b: number): boolean => new Date(a).getFullYear() === new Date(b).getFullYear();

/** Whole days of the local calendar. */
const daysBetween = (at: number, now: number): number => Math.round((midnight(now) - midnight(at)) / DAY_MS);

const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
