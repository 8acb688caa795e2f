import { boundaryOf, MultipartError, type Part, readMultipart } from './multipart.ts';

/** A file as another server sends it. */
export interface RemoteFile {
  readonly contentType: string | undefined;
  readonly disposition: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: { chunks(): AsyncIterable<Uint8Array> };
}

/** The file, or where it is. Servers of before Matrix 1.11 send it by itself, or redirect to it. */
export const fileIn = async ({
  status,
  headers,
  body,
}: Answer): Promise<RemoteFile | { readonly location: string }> => {
  const one = (name: string) => [headers[name]].flat()[0];
  const boundary = boundaryOf(one('content-type'));
  if (boundary !== undefined) return fileOfParts(readMultipart(body.chunks(), boundary));
  const location = one('location');
  if (status >= 300 && location !== undefined) return { location };
  if (status !== 200) throw new MultipartError(`an answer with status ${status}`);
  return { contentType: one('content-type'), disposition: one('content-disposition'), body: body.chunks() };
};

/** The second part counts. The first one is for what may be said of files one day. */
const fileOfParts = async (parts: AsyncGenerator<Part>): Promise<RemoteFile | { readonly location: string }> => {
  await parts.next();
  const second = await parts.next();
  if (second.done === true) throw new MultipartError('no file in it');
  const { headers, body } = second.value;
  const location = headers.get('location');
  if (location !== undefined) return { location };
  return { contentType: headers.get('content-type'), disposition: headers.get('content-disposition'), body };
};
