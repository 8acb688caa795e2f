import type { Json } from '@holm/spec/json';
import { ObjectSlicer } from '../../core/json/object-slicer.ts';
import { parseJson } from '../../core/json/parse.ts';
import { Turns } from '../../platform/turns.ts';

/** Shorter texts are read in one go: that takes less than a turn. */
export const LARGE_BYTES = 128 * 1024;
/** No event is as long, and hardly anything else. */
const MAX_VALUE_BYTES = 32 * 1024 * 1024;
/** Looked through before others have their turn, if there is nothing in it to be read. */
const PIECE_BYTES = 16 * 1024;

/** A value of a large answer: a member of it; or that there is a list under this key, and the items of that. */
export type Part =
  | { readonly key: string; readonly kind: 'member' | 'item'; readonly value: Json; readonly characters: number }
  | { readonly key: string; readonly kind: 'list' };

/**
 * Reads a large answer of another server value by value, in turns: an object whose members are lists of many events. Each is read
 * as `parseJson` reads it. What is no object has no business being so large. Of lists that are not `wanted` no item is read.
 */
export async function* partsOf(
  chunks: AsyncIterable<Uint8Array>,
  isWanted: (key: string) => boolean = () => true,
): AsyncGenerator<Part, void> {
  const slicer = new ObjectSlicer(MAX_VALUE_BYTES);
  const turns = new Turns();
  for await (const piece of piecesOf(chunks)) {
    if (turns.isOver) await turns.next();
    for (const { key, kind, text } of slicer.push(piece)) {
      if (kind === 'item' && !isWanted(key)) continue;
      if (turns.isOver) await turns.next();
      if (kind === 'list') yield { key, kind };
      else yield { key, kind, value: parseJson(text, { strict: false }), characters: text.length };
    }
  }
  slicer.end();
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
  }
}

/** All of it, as one value. */
export const parseLargeJson = async (chunks: AsyncIterable<Uint8Array>): Promise<Json> => {
  const members = new Map<string, Json>();
  let list: Json[] = [];
  for await (const part of partsOf(chunks)) {
    if (part.kind === 'member') members.set(part.key, part.value);
    else if (part.kind === 'item') list.push(part.value);
    else members.set(part.key, (list = []));
  }
  return Object.fromEntries(members);
};
