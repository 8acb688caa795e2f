import type { Readable } from 'node:stream';

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

export const json = (status: number, value: unknown): Reply => new Reply(status, JSON_TYPE, JSON.stringify(value));
