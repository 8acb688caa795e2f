import { isObject } from '@holm/spec/json';
import type { AuthData } from './interactive-auth.ts';

/** Who a `m.login.password` stage says is there: an identifier, or what came before identifiers. */
export const userOf = ({ identifier, user }: AuthData): string | undefined => {
  const named = isObject(identifier) && identifier['type'] === 'm.id.user' ? identifier['user'] : user;
  return typeof named === 'string' ? named : undefined;
};
