import type { Json } from '@holm/spec/json';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { Turns } from '../../platform/turns.ts';

/** Shorter texts are read in one go: that takes less than a turn. */
export const LARGE_TEXT = 128 * 1024;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Characters between two looks at the time. */
const STRIDE = 16_384;
/** What matters for where a value ends; and what ends a number, `true`, `false` or `null`. */
const STRUCTURE = /["{}[\]]/g;
const SCALAR_END = /[\s,\]}]/g;

/**
 * Reads a large answer of another server in turns, as `parseJson` reads it in one go: an object whose members are lists of
 * many events. Each event is read for itself. What is no object has no business being so large; it is read in one go.
 */
export const parseLargeJson = async (text: string): Promise<Json> => {
  const reader = new LargeReader(text);
  return reader.isObject ? reader.read() : parseJson(text, { strict: false });
};

class LargeReader {
  readonly #text: string;
  readonly #turns = new Turns();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  get isObject(): boolean {
    return this.#text.charCodeAt(this.#at) === OPEN;
  }

  async read(): Promise<Json> {
    const members: [string, Json][] = [];
    this.#at += 1;
    for (let next = this.#skipSpace(); next !== CLOSE; next = this.#afterValue(CLOSE)) {
      if (next !== QUOTE) throw malformed();
      const key = JSON.parse(await this.#slice()) as string;
      if (this.#skipSpace() !== COLON) throw malformed();
      this.#at += 1;
      members.push([key, this.#skipSpace() === OPEN_LIST ? await this.#list() : await this.#value()]);
    }
    this.#at += 1;
    this.#skipSpace();
    if (this.#at < this.#text.length) throw malformed();
    return Object.fromEntries(members);
  }

  async #list(): Promise<Json[]> {
    const list: Json[] = [];
    this.#at += 1;
    for (let next = this.#skipSpace(); next !== CLOSE_LIST; next = this.#afterValue(CLOSE_LIST)) {
      list.push(await this.#value());
    }
    this.#at += 1;
    return list;
  }

  async #value(): Promise<Json> {
    const text = await this.#slice();
    if (this.#turns.isOver) await this.#turns.next();
    return parseJson(text, { strict: false });
  }

  /** What stands after a comma, or at the end. */
  #afterValue(end: number): number {
    const next = this.#skipSpace();
    if (next === end) return end;
    if (next !== COMMA) throw malformed();
    this.#at += 1;
    const following = this.#skipSpace();
    if (following === end) throw malformed();
    return following;
  }

  /** The text of the value that begins here; whether it is well-formed is for whoever reads it. */
  async #slice(): Promise<string> {
    const start = this.#at;
    const code = this.#text.charCodeAt(start);
    if (code === QUOTE) this.#skipString();
    else if (code === OPEN || code === OPEN_LIST) await this.#skipNested();
    else this.#skipTo(SCALAR_END);
    return this.#text.slice(start, this.#at);
  }

  async #skipNested(): Promise<void> {
    let looked = this.#at;
    let depth = 0;
    do {
      if (this.#at - looked >= STRIDE && this.#turns.isOver) await this.#turns.next();
      if (this.#at - looked >= STRIDE) looked = this.#at;
      const code = this.#skipTo(STRUCTURE);
      if (code === QUOTE) this.#skipString();
      else {
        this.#at += 1;
        depth += code === OPEN || code === OPEN_LIST ? 1 : -1;
      }
    } while (depth > 0);
  }

  /** Moves to the next character of a kind. */
  #skipTo(kind: RegExp): number {
    kind.lastIndex = this.#at;
    const found = kind.exec(this.#text);
    if (!found) throw malformed();
    this.#at = found.index;
    return this.#text.charCodeAt(this.#at);
  }

  #skipString(): void {
    for (let end = this.#text.indexOf('"', this.#at + 1); ; end = this.#text.indexOf('"', end + 1)) {
      if (end < 0) throw malformed();
      let escapes = 0;
      while (this.#text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
      if (escapes % 2 === 0) {
        this.#at = end + 1;
        return;
      }
    }
  }

  #skipSpace(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#at += 1;
    }
  }
}

const malformed = (): InvalidJsonError => new InvalidJsonError('not JSON');
