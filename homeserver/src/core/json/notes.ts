/**
 * What a JSON text said that its parsed value cannot hold.
 *
 * `JSON.parse` reads `1.0` as 1 and forgets duplicates, yet room versions 1-5 hash the former as it was written and
 * all versions refuse the latter. The parser leaves such remarks with the object or array they concern, under a symbol:
 * values stay plain, a spread copies the remark along, and `JSON.stringify` does not see it.
 */
export interface Notes {
  /** The text of numbers that are not plainly written safe integers, by member name or index. */
  readonly numbers: ReadonlyMap<string, string>;
  /** A member name that occurs twice. */
  readonly duplicate: string | undefined;
}

const NOTES = Symbol('JSON source notes');

interface Annotated {
  [NOTES]?: Notes;
}

export const notesOf = (holder: object): Notes | undefined => (holder as Annotated)[NOTES];

export const annotate = (holder: object, notes: Notes): void => {
  (holder as Annotated)[NOTES] = notes;
};

/** Hands the remarks about an object to a partial copy of it. */
export const copyNotes = (from: object, to: object): void => {
  const notes = notesOf(from);
  if (notes) annotate(to, notes);
};
