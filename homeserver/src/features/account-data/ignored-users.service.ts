import { UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import type { AccountData } from './account-data.service.ts';
import { atMost } from '../../platform/at-most.ts';

interface Known {
  readonly version: number;
  readonly ignored: ReadonlySet<UserId>;
}

const TYPE = 'm.ignored_user_list';
const CACHED_USERS = 10_000;

/** Whom users do not want to hear: https://spec.matrix.org/latest/client-server-api/#ignoring-users */
export class IgnoredUsers {
  readonly #accountData: Pick<AccountData, 'find' | 'versionOf'>;
  readonly #known = new LRUCache<UserId, Known>(atMost(CACHED_USERS));

  constructor(accountData: Pick<AccountData, 'find' | 'versionOf'>) {
    this.#accountData = accountData;
  }

  /** From memory, as long as nothing in the account changes. Another object only where it says something else. */
  of(user: UserId): ReadonlySet<UserId> | Promise<ReadonlySet<UserId>> {
    const version = this.#accountData.versionOf(user);
    const known = this.#known.get(user);
    return known?.version === version ? known.ignored : this.#read(user, { version, known });
  }

  async #read(
    user: UserId,
    { version, known }: { readonly version: number; readonly known: Known | undefined },
  ): Promise<ReadonlySet<UserId>> {
    const content = await this.#accountData.find({ userId: user, roomId: undefined, type: TYPE });
    const now = ignoredIn(content, user);
    const ignored = known && isSame(known.ignored, now) ? known.ignored : now;
    this.#known.set(user, { version, ignored });
    return ignored;
  }
}

const isSame = (one: ReadonlySet<UserId>, other: ReadonlySet<UserId>): boolean =>
  one.size === other.size && one.isSubsetOf(other);

/** Clients write what they like. Nobody ignores themselves. */
const ignoredIn = (content: JsonObject | undefined, user: UserId): ReadonlySet<UserId> => {
  const list = content?.['ignored_users'];
  return new Set(isObject(list) ? Object.keys(list).filter((id): id is UserId => UserId.is(id) && id !== user) : []);
};
