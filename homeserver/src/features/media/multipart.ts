/** `multipart/mixed` (RFC 2046), as files come from other servers. */

export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

export interface Part {
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** To be read before the next part is asked for; what is left of it is passed over. */
  readonly body: AsyncGenerator<Buffer>;
}

const MAX_HEADER_BYTES = 16_384;
const MAX_PREAMBLE_BYTES = 16_384;

/** The boundary that a `Content-Type` names. */
export const boundaryOf = (contentType: string | undefined): string | undefined => {
  if (contentType === undefined || !/^multipart\/mixed\s*(;|$)/i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"\\\r\n]{1,70})"|([^\s;"]{1,70})(?=[\s;]|$))/i.exec(contentType) ?? [];
  return quoted ?? plain;
};

/** The parts in their order. Throws `MultipartError` for what is cut short or is none. */
export async function* readMultipart(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const input = new Input(source);
  // The first boundary has no line before it.
  input.unread(Buffer.from('\r\n'));
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  await drain(input.until(delimiter), MAX_PREAMBLE_BYTES);
  while (!(await isLast(input))) {
    const headers = parseHeaders(await input.take('\r\n\r\n', MAX_HEADER_BYTES));
    const body = input.until(delimiter);
    yield { headers, body };
    await drain(body, Infinity);
  }
}

/** What follows a boundary: two hyphens after the last part, else the end of the line. */
const isLast = async (input: Input): Promise<boolean> => {
  const mark = await input.exactly(2);
  if (mark.equals(Buffer.from('--'))) return true;
  input.unread(mark);
  const padding = await input.take('\r\n', MAX_HEADER_BYTES);
  if (padding.trim() !== '') throw new MultipartError('a boundary with something behind it');
  // So that a part without any headers has the empty line behind them, too.
  input.unread(Buffer.from('\r\n'));
  return false;
};

const drain = async (body: AsyncGenerator<Buffer>, maxBytes: number): Promise<void> => {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new MultipartError('too much before the first part');
  }
};

const parseHeaders = (text: string): ReadonlyMap<string, string> => {
  const lines = text
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .filter((line) => line !== '');
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return new Map(pairs.map(([name, value]) => [name.trim().toLowerCase(), value.trim()]));
};

/** Bytes that come in pieces that say nothing. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.#buffer = Buffer.concat([bytes, this.#buffer]);
  }

  /** All that comes before the delimiter, which is consumed with it. */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(delimiter);
      // The end of what is there may be the start of a delimiter.
      const sure = at === -1 ? this.#buffer.length - delimiter.length + 1 : at;
      if (sure > 0) {
        const chunk = this.#buffer.subarray(0, sure);
        this.#buffer = this.#buffer.subarray(sure);
        yield chunk;
      }
      if (at !== -1) {
        this.#buffer = this.#buffer.subarray(delimiter.length);
        return;
      }
      await this.#more();
    }
  }

  /** Text up to a mark, which is consumed with it. */
  async take(mark: string, maxBytes: number): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(mark);
      if (at > maxBytes || (at === -1 && this.#buffer.length > maxBytes))
        throw new MultipartError('headers without end');
      if (at !== -1) {
        const text = this.#buffer.toString('latin1', 0, at);
        this.#buffer = this.#buffer.subarray(at + mark.length);
        return text;
      }
      await this.#more();
    }
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw new MultipartError('cut short');
    this.#buffer = Buffer.concat([this.#buffer, next.value]);
  }
}

interface WrittenPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Two parts, as the specification has them: what is known of a file, which is nothing so far, and the file. The line break before the
 * first of them is of an empty preamble: servers made with Ruma (Conduit and its kin) find no boundary without one.
 */
export const writeMultipart = (boundary: string, { headers, size, body }: WrittenPart) => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const start = Buffer.from(
    `\r\n--${boundary}\r\nContent-Type: application/json\r\n\r\n{}\r\n--${boundary}\r\n${lines.join('')}\r\n`,
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    size: start.length + size + end.length,
    async *chunks(): AsyncGenerator<Uint8Array> {
      yield start;
      yield* body;
      yield end;
    },
  };
};
