import { KeyId, ServerName } from '@holm/spec/ids';
import { canonicalJson } from '../../core/json/canonical.ts';

/** https://spec.matrix.org/latest/server-server-api/#request-authentication */
export interface XMatrix {
  readonly origin: ServerName;
  /** Older servers leave it out. */
  readonly destination: ServerName | undefined;
  readonly key: KeyId;
  readonly signature: string;
}

export interface RequestToSign {
  readonly method: string;
  /** Path and query as sent. */
  readonly uri: string;
  readonly origin: ServerName;
  readonly destination: ServerName | undefined;
  /** The body as canonical JSON; absent when there is none. */
  readonly content: string | undefined;
}

/** What the signature of a request covers: canonical JSON, put together by hand so that the body is not read again. */
export const requestText = ({ method, uri, origin, destination, content }: RequestToSign): string => {
  const members = [
    content !== undefined && `"content":${content}`,
    destination !== undefined && `"destination":${canonicalJson(destination)}`,
    `"method":${canonicalJson(method)}`,
    `"origin":${canonicalJson(origin)}`,
    `"uri":${canonicalJson(uri)}`,
  ];
  return `{${members.filter(Boolean).join(',')}}`;
};

export const printXMatrix = ({ origin, destination, key, signature }: XMatrix): string =>
  `X-Matrix origin="${origin}",${destination === undefined ? '' : `destination="${destination}",`}` +
  `key="${key}",sig="${signature}"`;

// A token of RFC 7230, which older servers take the liberty of putting colons into (and base64 signatures), or a
// quoted string with backslash escapes.
const PARAMETER = /\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"\\]*))\s*(?:,|$)/y;

/** Reads an `Authorization` header; undefined when it is another scheme or malformed. */
export const parseXMatrix = (header: string): XMatrix | undefined => {
  const scheme = /^X-Matrix +/i.exec(header);
  const parameters = scheme && parametersOf(header.slice(scheme[0].length));
  if (!parameters) return undefined;
  const { origin, destination, key, sig } = parameters;
  if (!ServerName.is(origin) || !KeyId.is(key) || sig === undefined) return undefined;
  if (destination !== undefined && !ServerName.is(destination)) return undefined;
  return { origin, destination, key, signature: sig };
};

type Parameters = Partial<Record<'origin' | 'destination' | 'key' | 'sig', string>>;

/** Undefined when the list is malformed or names a parameter twice. */
const parametersOf = (list: string): Parameters | undefined => {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  while (PARAMETER.lastIndex < list.length) {
    const match = PARAMETER.exec(list);
    const name = match?.[1]?.toLowerCase();
    if (!match || name === undefined || found.has(name)) return undefined;
    found.set(name, match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1'));
  }
  return Object.fromEntries(found);
};
