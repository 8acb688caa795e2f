import type { Endpoint } from '@holm/spec/endpoint';
import type { TSchema } from '@sinclair/typebox';

/** What no operation should have a use for, but must have an answer to. */
export const VALUES: readonly unknown[] = [
  null, true, -1, 1e21, 1.5, '', 'x', '\u0000', '\ud800', '💥'.repeat(100), [], [null], {}, { a: { b: [] } },
]; // prettier-ignore

/** Bodies that are no JSON objects. */
export const TEXTS: readonly string[] = [
  '{', '{"a":', '[]', 'null', '"text"', '7', '{"a":1,"a":2}', '{"a":1e999}', `${'['.repeat(5000)}${']'.repeat(5000)}`,
]; // prettier-ignore

/** Well-formed ids of nothing, by the name of the parameter. */
const UNKNOWN: Readonly<Record<string, string>> = {
  roomId: '!nowhere:a.test',
  roomIdOrAlias: '#nowhere:a.test',
  roomAlias: '#nowhere:a.test',
  eventId: '$nothing',
  userId: '@nobody:a.test',
  serverName: 'nowhere.test',
};

const PARAMETERS = ['', '%', '%00', '..', '!', '@x', '$', '#', '💥', 'a'.repeat(300), '!a:b', '@a:b', '$a:b', '#a:b'];

export interface BadRequest {
  /** What is wrong with it, for the message of a failure. */
  readonly what: string;
  /** Path and query. */
  readonly uri: string;
  readonly body?: unknown;
}

const names = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);

const fill = (path: string, values: Readonly<Record<string, string>>): string =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? 'x');

/** `%` alone is no encoding of anything; everything else is sent as it has to be. */
const encoded = (value: string): string => (value.startsWith('%') ? value : encodeURIComponent(value));

const propertiesOf = (schema: TSchema): string[] => Object.keys((schema['properties'] as object | undefined) ?? {});

/** Requests of one operation, each with one thing wrong; `known` are ids of what is there. */
export function* badRequests(
  { path, body, query, method }: Endpoint,
  known: Readonly<Record<string, string>>,
): Generator<BadRequest> {
  const good = fill(path, mapped(known));
  const unknown = fill(path, mapped(UNKNOWN));
  if (names(path).length > 0) yield { what: 'unknown ids', uri: unknown, body: {} };
  for (const name of names(path)) {
    for (const value of PARAMETERS) {
      yield {
        what: `${name} = ${value.slice(0, 20)}`,
        uri: fill(path, { ...mapped(known), [name]: encoded(value) }),
        body: {},
      };
    }
  }
  for (const name of propertiesOf(query)) {
    for (const value of ['', '-1', '99999999999999999999', 'null', '{}', '{"a":', '%00', '💥']) {
      yield { what: `?${name}=${value}`, uri: `${good}?${name}=${encoded(value)}`, body: {} };
    }
  }
  if (method === 'GET') return;
  for (const text of TEXTS) yield { what: `body ${text.slice(0, 20)}`, uri: good, body: text };
  yield { what: 'an empty body', uri: good, body: {} };
  for (const name of propertiesOf(body)) {
    for (const value of VALUES) {
      yield { what: `{ ${name}: ${JSON.stringify(value).slice(0, 20)} }`, uri: good, body: { [name]: value } };
    }
  }
  for (const value of VALUES) {
    const everything = Object.fromEntries(propertiesOf(body).map((name) => [name, value]));
    yield { what: `everything is ${JSON.stringify(value).slice(0, 20)}`, uri: good, body: everything };
  }
}

const mapped = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeURIComponent(value)]));
