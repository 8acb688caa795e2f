/** Whether a text, in lower case, is what somebody looks for. */
export type Finds = (lowerCase: string, effort: Effort) => boolean;

/**
 * What one event may cost one user in comparisons of characters: patterns and texts are somebody's choice, and thousands
 * of patterns may be at work on sixty thousand characters. What has not been found by then counts as absent.
 */
export class Effort {
  left: number;
  #asked = 0;
  #words: { readonly of: string; readonly are: ReadonlySet<string> } | undefined;

  constructor(most = 2_000_000) {
    this.left = most;
  }

  /** Those of a text, in lower case; nothing as long as few ask, who find what they look for sooner without. */
  wordsOf(text: string): ReadonlySet<string> | undefined {
    if (this.#asked++ < FEW) return undefined;
    if (this.#words?.of !== text) this.#words = { of: text, are: new Set(text.match(WORDS)) };
    return this.#words.are;
  }
}

const FEW = 8;
const WORDS = /[a-z0-9_]+/g;
/** The word that a pattern begins with, if there is no more to it. */
const FIRST_WORD = /^[a-z0-9_]+(?![a-z0-9_*?])/;

const ANY_CHARACTER = '?';

/** The pieces of a pattern between its asterisks. */
interface Pieces {
  readonly first: string;
  readonly rest: readonly string[];
}

const piecesOf = (pattern: string): Pieces => {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  return { first, rest };
};

/**
 * A glob that has to match all of a text: https://spec.matrix.org/latest/appendices/#glob-style-matching
 *
 * Nothing is tried twice: the leftmost place for each piece leaves the most room for the rest.
 */
export const wholeText = (pattern: string): Finds => {
  const { first, rest } = piecesOf(pattern);
  if (rest.length === 0 && !first.includes(ANY_CHARACTER)) return (text) => text === first;
  return (text, effort) => endsOf(text, { first, rest }, 0, effort).includes(text.length);
};

/** A glob that has to match a part of a text which starts and ends at word boundaries. */
export const wordsIn = (pattern: string): Finds => {
  const lowerCase = pattern.toLowerCase();
  const word = FIRST_WORD.exec(lowerCase)?.[0];
  const search = searchFor(pattern);
  if (word === undefined) return search;
  return (text, effort) => {
    const words = effort.wordsOf(text);
    if (!words) return search(text, effort);
    return words.has(word) && (word === lowerCase || search(text, effort));
  };
};

const searchFor = (pattern: string): Finds => {
  const { first, rest } = piecesOf(pattern);
  return (text, effort) => {
    for (let start = 0; start <= text.length && effort.left > 0; start++) {
      start = nextStart(text, first, start, effort);
      if (start < 0) return false;
      const end = matchAt(text, first, start, effort);
      if (end < 0) continue;
      // With an asterisk, what fails from the leftmost start fails from each later one.
      if (rest.length > 0) return restEndsAtBoundary(text, rest, end, effort);
      if (isBoundaryAfter(text, end)) return true;
    }
    return false;
  };
};

const isWord = (text: string, index: number): boolean => {
  const code = text.charCodeAt(index);
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95 || (code >= 65 && code <= 90);
};

const isBoundaryBefore = (text: string, start: number): boolean => start === 0 || !isWord(text, start - 1);
const isBoundaryAfter = (text: string, end: number): boolean => end === text.length || !isWord(text, end);

/** The next place at which a piece may start: at a boundary, and with its first character. */
const nextStart = (text: string, piece: string, from: number, effort: Effort): number => {
  const head = piece.charAt(0);
  for (let at = from; at <= text.length && effort.left > 0; at++) {
    effort.left -= 1;
    if (head !== '' && head !== ANY_CHARACTER) {
      at = text.indexOf(head, at);
      if (at < 0) return -1;
    }
    if (isBoundaryBefore(text, at)) return at;
  }
  return -1;
};

/** Where a piece ends that starts at `start`; -1 if it does not match there. */
const matchAt = (text: string, piece: string, start: number, effort: Effort): number => {
  let at = start;
  for (let i = 0; i < piece.length; i++) {
    effort.left -= 1;
    if (at >= text.length) return -1;
    if (piece.charAt(i) !== ANY_CHARACTER) {
      if (piece.charCodeAt(i) !== text.charCodeAt(at)) return -1;
      at += 1;
    } else at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
};

/** Where the leftmost match of a piece ends, of those that `isGood`. */
const find = (text: string, piece: string, from: number, { effort, isGood }: Search): number => {
  const isLiteral = !piece.includes(ANY_CHARACTER);
  for (let start = from; start <= text.length && effort.left > 0; start++) {
    if (isLiteral) {
      const at = text.indexOf(piece, start);
      effort.left -= (at < 0 ? text.length : at) - start;
      if (at < 0) return -1;
      start = at;
    }
    effort.left -= 1;
    const end = isLiteral ? start + piece.length : matchAt(text, piece, start, effort);
    if (end >= 0 && (isGood === undefined || isGood(end))) return end;
  }
  return -1;
};

interface Search {
  readonly effort: Effort;
  readonly isGood?: (end: number) => boolean;
}

const lastPieceFrom = (text: string, rest: readonly string[], from: number, effort: Effort): number => {
  let at = from;
  for (const piece of rest.slice(0, -1)) {
    at = find(text, piece, at, { effort });
    if (at < 0) return -1;
  }
  return at;
};

const restEndsAtBoundary = (text: string, rest: readonly string[], from: number, effort: Effort): boolean => {
  const at = lastPieceFrom(text, rest, from, effort);
  if (at < 0) return false;
  const isGood = (end: number) => isBoundaryAfter(text, end);
  return find(text, rest.at(-1) ?? '', at, { effort, isGood }) >= 0;
};

/** Where matches that start at `start` can end, as far as the end of the text is concerned. */
const endsOf = (text: string, { first, rest }: Pieces, start: number, effort: Effort): number[] => {
  const end = matchAt(text, first, start, effort);
  if (end < 0 || rest.length === 0) return [end];
  const at = lastPieceFrom(text, rest, end, effort);
  if (at < 0) return [];
  return [find(text, rest.at(-1) ?? '', at, { effort, isGood: (last) => last === text.length })];
};
