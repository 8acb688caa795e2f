import { MatrixError } from '@holm/spec/errors';
import { UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Soon } from '../../platform/soon.ts';
import type { AccountData } from './account-data.service.ts';

interface Known<T> {
  readonly version: number;
  readonly value: T;
}

interface Reading<T> {
  readonly type: string;
  /** Clients write what they like: whatever makes no sense says nothing. */
  readonly read: (content: JsonObject | undefined, user: UserId) => T;
  readonly isSame: (one: T, other: T) => boolean;
}

type Data = Pick<AccountData, 'find' | 'versionOf'>;

const CACHED_USERS = 10_000;

/** What the server itself is told by one type of account data, of no room. */
class AccountSetting<T> {
  readonly #accountData: Data;
  readonly #reading: Reading<T>;
  readonly #known = new LRUCache<UserId, Known<T>>(atMost(CACHED_USERS));

  constructor(accountData: Data, reading: Reading<T>) {
    this.#accountData = accountData;
    this.#reading = reading;
  }

  /** From memory, as long as nothing in the account changes. Another object only where it says something else. */
  of(user: UserId): Soon<T> {
    const version = this.#accountData.versionOf(user);
    const known = this.#known.get(user);
    return known?.version === version ? known.value : this.#read(user, { version, known });
  }

  async #read(
    user: UserId,
    { version, known }: { readonly version: number; readonly known: Known<T> | undefined },
  ): Promise<T> {
    const { type, read, isSame } = this.#reading;
    const now = read(await this.#accountData.find({ userId: user, roomId: undefined, type }), user);
    const value = known && isSame(known.value, now) ? known.value : now;
    this.#known.set(user, { version, value });
    return value;
  }
}

/** Whom users do not want to hear, which is never themselves: https://spec.matrix.org/latest/client-server-api/#ignoring-users */
export class IgnoredUsers extends AccountSetting<ReadonlySet<UserId>> {
  constructor(accountData: Data) {
    super(accountData, {
      type: 'm.ignored_user_list',
      read: (content, user) => {
        const list = content?.['ignored_users'];
        const ids = isObject(list) ? Object.keys(list) : [];
        return new Set(ids.filter((id): id is UserId => UserId.is(id) && id !== user));
      },
      isSame: (one, other) => one.size === other.size && one.isSubsetOf(other),
    });
  }
}

/** Who wants no invites at all: https://spec.matrix.org/latest/client-server-api/#invite-permission */
export class BlockedInvites extends AccountSetting<boolean> {
  constructor(accountData: Data) {
    super(accountData, {
      type: 'm.invite_permission_config',
      read: (content) => content?.['default_action'] === 'block',
      isSame: (one, other) => one === other,
    });
  }

  /** M_INVITE_BLOCKED for a user of this server who wants none. */
  async assertInvitable(user: UserId): Promise<void> {
    if (await this.of(user)) throw new MatrixError('M_INVITE_BLOCKED', `${user} takes no invites`);
  }
}
