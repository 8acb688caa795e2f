import { Readable } from 'node:stream';

/** A response other than 200 with a JSON value. */
export class Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | Readable;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer | Readable) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** JSON that is serialised already. */
export const jsonText = (text: string): Reply => new Reply(200, JSON_TYPE, text);

/** Pieces that wait to be sent; the next is made when there is room for it. */
const PIECES_AHEAD = 2;

/** As `jsonText`, bit by bit: all of it at once would hold everybody else up. What is short after all is sent as that. */
export const jsonTexts = async (texts: AsyncGenerator<string, void>): Promise<Reply> => {
  const [first, second] = [await texts.next(), await texts.next()];
  if (second.done === true) return jsonText(first.value ?? '');
  return new Reply(
    200,
    JSON_TYPE,
    Readable.from(startingWith([first, second], texts), { highWaterMark: PIECES_AHEAD }),
  );
};

async function* startingWith(
  made: readonly IteratorResult<string, void>[],
  rest: AsyncGenerator<string, void>,
): AsyncGenerator<string, void> {
  for (const { value } of made) if (value !== undefined) yield value;
  yield* rest;
}

export const json = (status: number, value: unknown): Reply => new Reply(status, JSON_TYPE, JSON.stringify(value));
