import { InvalidJsonError } from './parse.ts';

/** A value of a large object, cut out of its text. Whether it is well-formed is for whoever reads it. */
export interface Slice {
  readonly key: string;
  /** A member of the object; or that it is a list, of which no text is given, and the items of that. */
  readonly kind: 'member' | 'list' | 'item';
  readonly text: string;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const endsScalar = (byte: number): boolean => isSpace(byte) || byte === COMMA || byte === CLOSE || byte === CLOSE_LIST;

/** What may stand next. */
type Expected =
  'object' | 'first key' | 'key' | 'colon' | 'value' | 'first item' | 'item' | 'more items' | 'more' | 'end';

/** Whether the value begun last is inside of a string, and how deep. */
interface Inside {
  depth: number;
  isString: boolean;
  isEscaped: boolean;
  readonly isScalar: boolean;
}

const BEGINS_VALUE: ReadonlySet<Expected> = new Set(['first key', 'key', 'value', 'first item', 'item']);

/**
 * Cuts the text of an object whose members are large lists into its values, as the text comes in: what is held is never more
 * than one value. https://www.rfc-editor.org/rfc/rfc8259
 */
export class ObjectSlicer {
  readonly #maxBytes: number;
  #expected: Expected = 'object';
  #key = '';
  /** The value that has begun, and its bytes in earlier chunks. */
  #inside: Inside | undefined;
  #begun: Uint8Array[] = [];
  #begunBytes = 0;

  /** `maxBytes`: the longest value. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The values that end in this chunk. Throws `InvalidJsonError`. */
  push(chunk: Uint8Array): Slice[] {
    const slices: Slice[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#inside) {
        const end = endOf(this.#inside, chunk, at);
        if (end < 0) {
          this.#keep(chunk.subarray(at));
          break;
        }
        this.#keep(chunk.subarray(at, end));
        this.#finish(slices);
        at = end;
      } else {
        const byte = chunk[at] ?? 0;
        if (!isSpace(byte) && this.#begins(byte, slices)) continue;
        at += 1;
      }
    }
    return slices;
  }

  /** Throws `InvalidJsonError` when something is missing. */
  end(): void {
    if (this.#expected !== 'end') throw malformed();
  }

  /** Takes note of a byte that is no space. True: a value begins with it. */
  #begins(byte: number, slices: Slice[]): boolean {
    if (this.#passes(byte)) {
      if (this.#expected === 'first item') slices.push({ key: this.#key, kind: 'list', text: '' });
      return false;
    }
    if (!BEGINS_VALUE.has(this.#expected)) throw malformed();
    if (this.#expected.endsWith('key') && byte !== QUOTE) throw malformed();
    const isScalar = byte !== QUOTE && byte !== OPEN && byte !== OPEN_LIST;
    this.#inside = { depth: 0, isString: false, isEscaped: false, isScalar };
    return true;
  }

  /** Whether it is one of the signs between values. */
  #passes(byte: number): boolean {
    const next = NEXT[this.#expected]?.get(byte);
    if (next !== undefined) this.#expected = next;
    return next !== undefined;
  }

  #keep(bytes: Uint8Array): void {
    this.#begunBytes += bytes.length;
    if (this.#begunBytes > this.#maxBytes) throw new InvalidJsonError('a value is too long');
    this.#begun.push(bytes);
  }

  #finish(slices: Slice[]): void {
    const text = textOf(this.#begun, this.#begunBytes);
    this.#begun = [];
    this.#begunBytes = 0;
    this.#inside = undefined;
    if (this.#expected.endsWith('key')) {
      this.#key = keyOf(text);
      this.#expected = 'colon';
    } else {
      const isItem = this.#expected !== 'value';
      slices.push({ key: this.#key, kind: isItem ? 'item' : 'member', text });
      this.#expected = isItem ? 'more items' : 'more';
    }
  }
}

/** What stands between values, and what may follow it. A list is a value that is cut further. */
const NEXT: Partial<Record<Expected, ReadonlyMap<number, Expected>>> = {
  object: new Map([[OPEN, 'first key']]),
  'first key': new Map([[CLOSE, 'end']]),
  colon: new Map([[COLON, 'value']]),
  value: new Map([[OPEN_LIST, 'first item']]),
  'first item': new Map([[CLOSE_LIST, 'more']]),
  'more items': new Map([
    [COMMA, 'item'],
    [CLOSE_LIST, 'more'],
  ]),
  more: new Map([
    [COMMA, 'key'],
    [CLOSE, 'end'],
  ]),
};

/** The place behind the last byte of the value; -1 if it goes on in the next chunk. */
const endOf = (inside: Inside, chunk: Uint8Array, from: number): number => {
  if (inside.isScalar) {
    const length = chunk.subarray(from).findIndex(endsScalar);
    return length < 0 ? -1 : from + length;
  }
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    // Most bytes are neither.
    if (SIGNS[byte] === 0) inside.isEscaped = false;
    else if (pass(inside, byte)) return at + 1;
  }
  return -1;
};

/** 1 for what says where a value ends. */
const SIGNS = new Uint8Array(256);
for (const sign of [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST]) SIGNS[sign] = 1;

/** Whether the value ends with this sign. */
const pass = (inside: Inside, sign: number): boolean => {
  if (inside.isString) passInString(inside, sign);
  else if (sign === QUOTE) inside.isString = true;
  else if (sign === OPEN || sign === OPEN_LIST) inside.depth += 1;
  else if (sign !== BACKSLASH) inside.depth -= 1;
  return inside.depth === 0 && !inside.isString;
};

const passInString = (inside: Inside, sign: number): void => {
  const isEscaped = inside.isEscaped;
  inside.isEscaped = sign === BACKSLASH && !isEscaped;
  if (sign === QUOTE && !isEscaped) inside.isString = false;
};

/** Nearly all values lie in one chunk. */
const textOf = (parts: readonly Uint8Array[], bytes: number): string => {
  const [first = new Uint8Array()] = parts;
  const whole =
    parts.length === 1 ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(parts, bytes);
  return whole.toString('utf8');
};

const keyOf = (text: string): string => {
  try {
    return JSON.parse(text) as string;
  } catch (cause) {
    throw new InvalidJsonError('not JSON', { cause });
  }
};

const malformed = (): InvalidJsonError => new InvalidJsonError('not JSON');
