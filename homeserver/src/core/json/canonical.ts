import type { Json, JsonObject } from '@holm/spec/json';
import { type Notes, notesOf } from './notes.ts';
import { printNumber, printNumberSource } from './numbers.ts';

/** A value that has no canonical form, so that it can be neither hashed nor signed. */
export class NotCanonicalError extends Error {
  override readonly name = 'NotCanonicalError';
}

/** `strict`: integers within ±(2^53 − 1). `lenient`: any number, printed as the servers of room versions 1-5 do. */
export type NumberRule = 'strict' | 'lenient';

/** Deeper values are refused: what cannot be walked on the stack cannot be hashed. */
export const MAX_DEPTH = 1000;

/**
 * The one byte sequence for a value: what gets hashed and signed.
 * https://spec.matrix.org/latest/appendices/#canonical-json
 */
export const canonicalJson = (value: Json, numbers: NumberRule = 'strict'): string =>
  write(value, numbers === 'lenient', MAX_DEPTH);

/** The canonical text `"name":value` of each member of an object, in canonical order: for those who hash several parts of it. */
export const canonicalMembers = (object: JsonObject, numbers: NumberRule): Map<string, string> => {
  const members = new Map<string, string>();
  const lenient = numbers === 'lenient';
  const notes = notesOf(object);
  if (notes) refuseNotes(notes, object, lenient);
  for (const key of sortedKeys(object)) {
    members.set(key, `${quote(key)}:${writeMember(object[key], key, { notes, lenient, depth: MAX_DEPTH - 1 })}`);
  }
  return members;
};

/**
 * The canonical text of an object made of some of these members, which are in canonical order already.
 * @param textOf what stands for a member, if it is to be there
 */
export const joinMembers = (
  members: ReadonlyMap<string, string>,
  textOf: (key: string, text: string) => string | undefined,
): string => {
  let joined = '{';
  for (const [key, member] of members) {
    const text = textOf(key, member);
    if (text !== undefined) joined += joined.length > 1 ? `,${text}` : text;
  }
  return `${joined}}`;
};

const write = (value: Json | undefined, lenient: boolean, depth: number): string => {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return lenient ? looseNumber(value, undefined) : integer(value);
  if (typeof value === 'object') return value === null ? 'null' : writeNested(value, lenient, depth - 1);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  throw new NotCanonicalError(`${typeof value} has no JSON`);
};

const writeNested = (value: readonly Json[] | JsonObject, lenient: boolean, depth: number): string => {
  if (depth < 0) throw new NotCanonicalError('nested too deeply');
  const notes = notesOf(value);
  if (notes) refuseNotes(notes, value, lenient);
  return isArray(value) ? writeArray(value, { notes, lenient, depth }) : writeObject(value, { notes, lenient, depth });
};

interface Nesting {
  readonly notes: Notes | undefined;
  readonly lenient: boolean;
  readonly depth: number;
}

const writeArray = (array: readonly Json[], nesting: Nesting): string => {
  let text = '[';
  for (let i = 0; i < array.length; i++) {
    if (i > 0) text += ',';
    text += writeMember(array[i], i, nesting);
  }
  return `${text}]`;
};

const writeObject = (object: JsonObject, nesting: Nesting): string => {
  let text = '{';
  for (const key of sortedKeys(object)) {
    if (text.length > 1) text += ',';
    text += `${quote(key)}:${writeMember(object[key], key, nesting)}`;
  }
  return `${text}}`;
};

const writeMember = (value: Json | undefined, key: string | number, { notes, lenient, depth }: Nesting): string =>
  notes && lenient && typeof value === 'number'
    ? looseNumber(value, notes.numbers.get(String(key)))
    : write(value, lenient, depth);

const isArray = (value: readonly Json[] | JsonObject): value is readonly Json[] => Array.isArray(value);

const refuseNotes = (notes: Notes, holder: readonly Json[] | JsonObject, lenient: boolean): void => {
  if (notes.duplicate !== undefined) throw new NotCanonicalError(`${quote(notes.duplicate)} occurs twice`);
  if (lenient) return;
  for (const [key, source] of notes.numbers) {
    // A copy may have replaced or dropped the member since.
    if (Reflect.get(holder, key) === Number(source)) throw new NotCanonicalError(`${source} is not a plain integer`);
  }
};

const integer = (value: number): string => {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw new NotCanonicalError(`${Object.is(value, -0) ? '-0' : value} is not an integer the protocol can carry`);
  }
  return String(value);
};

const looseNumber = (value: number, source: string | undefined): string => {
  const text = source !== undefined && Number(source) === value ? printNumberSource(source) : printNumber(value);
  if (text === undefined) throw new NotCanonicalError(`${value} has no JSON`);
  return text;
};

const NEEDS_CARE = /[\u0000-\u001f"\\\ud800-\udfff]/;

const quote = (text: string): string => (NEEDS_CARE.test(text) ? quoteCarefully(text) : `"${text}"`);

const quoteCarefully = (text: string): string => {
  if (!text.isWellFormed()) throw new NotCanonicalError('a string holds an unpaired surrogate');
  // `JSON.stringify` already emits the shortest escapes, in lower-case hex as the grammar asks.
  return JSON.stringify(text);
};

const SURROGATE = /[\ud800-\udfff]/;

const sortedKeys = (object: JsonObject): string[] => {
  const keys = Object.keys(object);
  let last = '';
  let inOrder = true;
  for (const key of keys) {
    // Without surrogates the order of UTF-16 units, which the plain sort uses, is that of code points.
    if (SURROGATE.test(key)) return keys.sort(byCodePoint);
    inOrder &&= last <= key;
    last = key;
  }
  return inOrder ? keys : keys.sort();
};

/** `<` compares UTF-16 units, which puts U+1F600 before U+FF5E. Code points are the other way round. */
const byCodePoint = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

/** Lifts surrogates above the rest of the basic plane. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
