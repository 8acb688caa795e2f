import type { UserId } from '@holm/spec/ids';
import { wordsOf } from '../../core/text/fold.ts';

/** Somebody as the directory knows them. */
export interface KnownPerson {
  readonly userId: UserId;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
  /** Learnt from where everybody may look. */
  readonly isPublic: boolean;
}

const MAX_NAME = 256;
const MAX_URL = 1_000;
const MAX_WORDS = 64;
const MAX_WORD = 100;

/** What others say of somebody, as far as it can be kept. */
export const readPerson = (
  userId: UserId,
  { displayName, avatarUrl }: { displayName: string | undefined; avatarUrl: string | undefined },
  isPublic: boolean,
): KnownPerson => ({
  userId,
  displayName: displayName?.slice(0, MAX_NAME).replaceAll('\0', '').toWellFormed() || undefined,
  avatarUrl: avatarUrl?.startsWith('mxc://') === true && isKeepable(avatarUrl) ? avatarUrl : undefined,
  isPublic,
});

const isKeepable = (url: string): boolean => url.length <= MAX_URL && !url.includes('\0') && url.isWellFormed();

/** The words that somebody is found by. */
export const wordsFor = ({ userId, displayName = '' }: KnownPerson): string[] =>
  wordsOf(`${displayName} ${userId}`)
    .map((word) => word.slice(0, MAX_WORD))
    .slice(0, MAX_WORDS);

const MAX_SEARCHED = 10;

/**
 * What to look for, as PostgreSQL's `tsquery`: people who have all the words, and those who have words that begin so.
 * Undefined where there is nothing to look for.
 */
export const searchFor = (term: string): { readonly exact: string; readonly prefix: string } | undefined => {
  const words = wordsOf(term)
    .map((word) => word.slice(0, MAX_WORD))
    .slice(0, MAX_SEARCHED);
  if (words.length === 0) return undefined;
  // Words are letters and digits, so nothing in them needs escaping.
  return {
    exact: words.map((word) => `'${word}'`).join(' & '),
    prefix: words.map((word) => `'${word}':*`).join(' & '),
  };
};
