import type { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';

const IP_LITERAL = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;

/**
 * Whether a room's `m.room.server_acl` lets a server take part; a room without one lets everybody.
 * https://spec.matrix.org/latest/client-server-api/#server-access-control-lists-acls-for-rooms
 * Names are compared without regard to case (MSC4436), and without their ports.
 */
export const isServerAllowed = (acl: JsonObject | undefined, server: ServerName): boolean => {
  if (acl === undefined) return true;
  const host = server.replace(/:\d+$/, '').toLowerCase();
  if (acl['allow_ip_literals'] === false && IP_LITERAL.test(host)) return false;
  if (matchesAny(acl['deny'], host)) return false;
  return matchesAny(acl['allow'], host);
};

const matchesAny = (globs: JsonObject[string], host: string): boolean =>
  Array.isArray(globs) && globs.some((glob) => typeof glob === 'string' && matchesGlob(glob.toLowerCase(), host));

/** `*` for any characters and `?` for one, without backtracking beyond the last `*`. */
export const matchesGlob = (glob: string, text: string): boolean => {
  let g = 0;
  let star = -1;
  let resume = 0;
  for (let t = 0; t < text.length;) {
    if (g < glob.length && (glob[g] === '?' || (glob[g] === text[t] && glob[g] !== '*'))) {
      g++;
      t++;
    } else if (glob[g] === '*') {
      star = g++;
      resume = t;
    } else if (star >= 0) {
      g = star + 1;
      t = ++resume;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
};
