import type { Endpoint } from '@holm/spec/endpoint';

type Scalar = string | number | boolean;
type Values = Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;

/** Path and query of a request: what is sent and what is signed. Lists become repeated parameters. */
export const uriOf = (endpoint: Pick<Endpoint, 'path'>, params: Values, query: Values): string => {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`the path ${endpoint.path} needs ${name}`);
    return encodeURIComponent(String(value));
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of value === undefined ? [] : [value].flat()) search.append(name, String(one));
  }
  return search.size === 0 ? path : `${path}?${search}`;
};
