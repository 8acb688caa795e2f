import { Turns } from '../platform/turns.ts';

/** Longer texts are sent in pieces of so many characters: to encode them at once would hold everybody else up. */
export const PIECE = 128 * 1024;

const isSecondHalf = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** A text in pieces, in turns; no character is cut in half. */
export async function* piecesOf(text: string, size = PIECE): AsyncGenerator<string, void> {
  const turns = new Turns();
  // What was put together in many steps is written out at the first look at it.
  await turns.next();
  for (let from = 0; from < text.length;) {
    if (turns.isOver) await turns.next();
    const end = from + size;
    const to = isSecondHalf(text.charCodeAt(end)) ? end + 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}
