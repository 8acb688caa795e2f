/** Text as it is compared when somebody searches: without case, accents and ways of writing the same character. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    // What NUL is to PostgreSQL, and half a character to UTF-8, is nothing to search for.
    .replaceAll('\0', '')
    .toWellFormed();

/** The words of a text, folded: runs of letters and digits. */
export const wordsOf = (text: string): string[] => [...new Set(fold(text).match(/[\p{L}\p{N}]+/gu) ?? [])];
