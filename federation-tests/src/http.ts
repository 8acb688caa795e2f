/** What a server answered, whatever it was. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests read answers as they come; that they have the right shape is what they assert.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Call {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is text, which is sent as it is. */
  readonly body?: unknown;
}

/** No test waits longer than this for anything. */
export const PATIENCE_MS = 8_000;

export const call = async (method: string, url: string, { token, headers = {}, body }: Call = {}): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
};

const parsed = (text: string): unknown => {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Somebody was refused. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly errcode: unknown;

  constructor(what: string, { status, body }: Answer) {
    super(`${what}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.errcode = body?.errcode;
  }
}
