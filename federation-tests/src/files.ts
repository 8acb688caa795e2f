import { PATIENCE_MS } from './http.ts';
import type { Person } from './people.ts';

/** What came back for a file. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The error, where it is one. */
  readonly errcode: string | undefined;
}

export interface FileWish {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** Asks for a file, or for part of one. */
export const getFile = async (url: string, { headers = {}, method = 'GET' }: FileWish = {}): Promise<FileAnswer> => {
  const response = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isError = response.headers.get('content-type') === 'application/json' && response.status >= 400;
  const errcode = isError ? (JSON.parse(bytes.toString()) as { errcode: string }).errcode : undefined;
  return { status: response.status, headers: response.headers, bytes, errcode };
};

/** `example.org/abc` of `mxc://example.org/abc`. */
export const pathOfMxc = (mxc: string): string => mxc.slice('mxc://'.length);

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream;

export interface Upload {
  readonly type?: string;
  readonly name?: string;
}

const uploadAddress = ({ home }: Person, path: string, name: string | undefined): string =>
  `${home.url}/_matrix/media/v3/upload${path}${name === undefined ? '' : `?filename=${encodeURIComponent(name)}`}`;

const send = async (person: Person, method: string, url: string, { type, body }: { type?: string; body: Body }) =>
  fetch(url, {
    method,
    headers: { authorization: `Bearer ${person.token}`, ...(type !== undefined && { 'content-type': type }) },
    body,
    duplex: 'half',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });

/** Sends a file, whatever is answered. */
export const tryUpload = async (person: Person, body: Body, { type, name }: Upload = {}) => {
  const response = await send(person, 'POST', uploadAddress(person, '', name), { ...(type && { type }), body });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
};

/** Sends a file; resolves to its address. */
export const upload = async (person: Person, content: Buffer | string, what: Upload = {}): Promise<string> => {
  const { status, body } = await tryUpload(person, new Uint8Array(Buffer.from(content as string)), what);
  if (status !== 200) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
  return body['content_uri']!;
};

/** Sends a file to an address that was announced. */
export const uploadTo = async (person: Person, mxc: string, content: Buffer | string, { type, name }: Upload = {}) => {
  const url = uploadAddress(person, `/${pathOfMxc(mxc)}`, name);
  const response = await send(person, 'PUT', url, {
    ...(type && { type }),
    body: new Uint8Array(Buffer.from(content as string)),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
};

/** What a person gets who asks for a file; `rest` is a name for it, a query, or both. */
export const download = (person: Person, mxc: string, rest = '', wish: FileWish = {}): Promise<FileAnswer> =>
  getFile(`${person.home.url}/_matrix/client/v1/media/download/${pathOfMxc(mxc)}${rest}`, {
    ...wish,
    headers: { authorization: `Bearer ${person.token}`, ...wish.headers },
  });

/** The same, small. */
export const thumbnail = (person: Person, mxc: string, query: string): Promise<FileAnswer> =>
  getFile(`${person.home.url}/_matrix/client/v1/media/thumbnail/${pathOfMxc(mxc)}?${query}`, {
    headers: { authorization: `Bearer ${person.token}` },
  });
