export type Segment = { readonly text: string; readonly href?: string };

const URL_LIKE = /\bhttps?:\/\/[^\s<>"'`]+/gi;
const TRAILING = /[.,:;!?'"*_~]+$/;

/** Splits text at its web addresses. Only `http` and `https` ever become links. */
export const linkify = (text: string): readonly Segment[] => {
  const segments: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(URL_LIKE)) {
    const url = withoutTail(match[0]);
    if (!URL.canParse(url)) continue;
    if (match.index > from) segments.push({ text: text.slice(from, match.index) });
    segments.push({ text: url, href: new URL(url).href });
    from = match.index + url.length;
  }
  if (from < text.length) segments.push({ text: text.slice(from) });
  return segments;
};

/** Punctuation after an address belongs to the sentence, and so does a bracket that the address did not open. */
const withoutTail = (raw: string): string => {
  let url = raw.replace(TRAILING, '');
  while (url.endsWith(')') && count(url, ')') > count(url, '(')) url = url.slice(0, -1).replace(TRAILING, '');
  return url;
};

const count = (text: string, char: string): number => text.split(char).length - 1;
