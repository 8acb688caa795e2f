import { isObject } from '@holm/spec/json';

interface Stage {
  readonly type?: string;
  readonly identifier?: unknown;
  readonly user?: unknown;
}

/** Who a `m.login.password` stage says is there: an identifier, or what came before identifiers. */
export const userOf = ({ identifier, user }: Stage): string | undefined => {
  const named = isObject(identifier) && identifier['type'] === 'm.id.user' ? identifier['user'] : user;
  return typeof named === 'string' ? named : undefined;
};

/** Whether it says so by an address or a telephone, of which nobody here has any. */
export const isByAddress = ({ identifier }: Stage): boolean =>
  isObject(identifier) && identifier['type'] !== undefined && identifier['type'] !== 'm.id.user';
