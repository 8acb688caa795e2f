export type Route =
  | { readonly at: 'login' }
  | { readonly at: 'register'; readonly token: string | undefined }
  | { readonly at: 'home' }
  | { readonly at: 'room'; readonly target: string; readonly via: readonly string[] };

/** Reads the part of the address after `#`. An address that means nothing leads home. */
export const parseRoute = (hash: string): Route => {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#\/?/, ''), '?');
  const [head = '', rest = ''] = splitOnce(path, '/');
  const params = new URLSearchParams(query);
  switch (head) {
    case 'login':
      return { at: 'login' };
    case 'register':
      return { at: 'register', token: undefined };
    case 'signup':
      return { at: 'register', token: params.get('token') ?? undefined };
    case 'room':
      return roomRoute(rest, params);
    default:
      return { at: 'home' };
  }
};

export const routeTo = {
  login: '#/login',
  register: '#/register',
  home: '#/',
  room: (target: string): string => `#/room/${encodeURIComponent(target)}`,
};

const roomRoute = (raw: string, params: URLSearchParams): Route => {
  const target = decode(raw);
  return target ? { at: 'room', target, via: params.getAll('via') } : { at: 'home' };
};

/** `undefined` for what is not percent-encoded text. */
export const decode = (raw: string): string | undefined => {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
};

const splitOnce = (text: string, separator: string): string[] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};
