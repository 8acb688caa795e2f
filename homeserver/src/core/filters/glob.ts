/** Whether a text is one of several, of which some may have `*` for any sequence of characters. */
export type Matcher = (text: string) => boolean;

/**
 * Matches exact texts by look-up, and patterns without backtracking: a client may store what it likes.
 */
export const matchAny = (patterns: readonly string[]): Matcher => {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*')).map(matchGlob);
  return (text) => exact.has(text) || globs.some((matches) => matches(text));
};

const matchGlob = (pattern: string): Matcher => {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    // The leftmost place for each part leaves the most room for the rest.
    let from = first.length;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return from <= text.length - last.length;
  };
};
