import type { Fetch, FetchResponse } from '../../platform/fetch.ts';
import type { WellKnownDeps } from './well-known.ts';

/** The file is one line; nobody needs to send more. */
const MAX_BYTES = 50_000;
const MAX_REDIRECTS = 10;

/** Gets well-known files by the operator's rules for such requests. */
export const wellKnownFetch =
  (fetch: Fetch): WellKnownDeps['fetch'] =>
  async (url) => {
    // Whoever can answer for plain HTTP, if only with another redirect, could move the server.
    const response = await fetch(url, { maxRedirects: MAX_REDIRECTS, maxBytes: MAX_BYTES, httpsOnly: true });
    return {
      status: response.status,
      headers: {
        cacheControl: header(response, 'cache-control'),
        expires: header(response, 'expires'),
        age: header(response, 'age'),
      },
      text: response.body.toString('utf8'),
    };
  };

const header = ({ headers }: FetchResponse, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};
