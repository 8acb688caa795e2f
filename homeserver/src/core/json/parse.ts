import type { Json } from '@holm/spec/json';
import { MAX_DEPTH } from './canonical.ts';
import { annotate } from './notes.ts';
import { isPlainInteger } from './numbers.ts';

/** A text that is not JSON, or not the JSON that servers may exchange. */
export class InvalidJsonError extends Error {
  override readonly name = 'InvalidJsonError';
}

/**
 * Reads JSON from another server.
 *
 * Strict: numbers are integers within ±(2^53 − 1), plainly written; names occur once; strings are well-formed.
 * Otherwise offences stay in the value as notes that `canonicalJson` heeds. So a transaction is read once, loosely, and
 * each PDU in it is judged by the rules of its room version; one bad event does not cost a peer the rest.
 */
export const parseJson = (text: string, { strict }: { readonly strict: boolean }): Json => {
  const value = parse(text);
  if (isDeeperThan(value, MAX_DEPTH + ENVELOPE)) throw new InvalidJsonError('nested too deeply');
  if (!isSuspicious(text, value)) return value;
  const reader = new Reader(text);
  const noted = reader.read();
  if (strict && reader.offence !== undefined) throw new InvalidJsonError(reader.offence);
  return noted;
};

/** What stands around an event in a request or response, so that whatever can be hashed can also be sent. */
const ENVELOPE = 16;

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new InvalidJsonError('not JSON', { cause });
  }
};

const isDeeperThan = (value: Json | undefined, levels: number): boolean => {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  for (const member of Object.values<Json | undefined>(value)) if (isDeeperThan(member, levels - 1)) return true;
  return false;
};

// Numbers stand after a name, in an array, or alone. The same characters inside a string only cost a second look.
const SUSPICIOUS = /(?:"\s*:|[[,]|^)\s*(?:-0|-?\d+[.eE]|-?\d{16})|\\u[dD][89a-fA-F]/;

/** A cheap look that may cry wolf, but misses nothing: most texts print back as they were, so nothing was lost. */
const isSuspicious = (text: string, value: Json): boolean =>
  SUSPICIOUS.test(text) || !text.isWellFormed() || JSON.stringify(value) !== text;

// Commas and colons carry no information in a text that is known to be JSON.
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s",:[\]{}]+/g;

/** Reads a text known to be JSON a second time, noting what the plain value forgets. */
class Reader {
  readonly #tokens: Iterator<RegExpExecArray>;
  /** The first thing that strict JSON does not allow. */
  offence: string | undefined;

  constructor(text: string) {
    this.#tokens = text.matchAll(TOKENS);
  }

  read(): Json {
    return this.#value(this.#next());
  }

  #next(): string {
    const step = this.#tokens.next();
    if (step.done) throw new InvalidJsonError('ends too early');
    return step.value[0];
  }

  #value(token: string): Json {
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    return token.startsWith('"') ? this.#string(token) : this.#scalar(token, () => undefined);
  }

  #string(token: string): string {
    const text = JSON.parse(token) as string;
    if (!text.isWellFormed()) this.#offend('a string holds an unpaired surrogate');
    return text;
  }

  #scalar(token: string, note: (source: string) => void): Json {
    if (/^[-\d]/.test(token) && !isPlainInteger(token)) {
      this.#offend(`${token.slice(0, 40)} is not a plain integer`);
      note(token);
    }
    return JSON.parse(token) as Json;
  }

  #member(token: string, key: string, numbers: Map<string, string>): Json {
    if (/^["[{]/.test(token)) return this.#value(token);
    return this.#scalar(token, (source) => numbers.set(key, source));
  }

  #object(): Json {
    const members = new Map<string, Json>();
    const numbers = new Map<string, string>();
    let duplicate: string | undefined;
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      const key = this.#string(token);
      if (members.has(key)) {
        this.#offend(`${token.slice(0, 40)} occurs twice`);
        duplicate = key;
        numbers.delete(key);
      }
      members.set(key, this.#member(this.#next(), key, numbers));
    }
    const object = Object.fromEntries(members);
    if (numbers.size > 0 || duplicate !== undefined) annotate(object, { numbers, duplicate });
    return object;
  }

  #array(): Json {
    const array: Json[] = [];
    const numbers = new Map<string, string>();
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      array.push(this.#member(token, String(array.length), numbers));
    }
    if (numbers.size > 0) annotate(array, { numbers, duplicate: undefined });
    return array;
  }

  #offend(offence: string): void {
    this.offence ??= offence;
  }
}
