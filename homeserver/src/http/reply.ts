/** A response other than 200 with a JSON value. */
export class Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** JSON that is serialised already. */
export const jsonText = (text: string): Reply => new Reply(200, { 'content-type': 'application/json' }, text);

export const json = (status: number, value: unknown): Reply =>
  new Reply(status, { 'content-type': 'application/json' }, JSON.stringify(value));
