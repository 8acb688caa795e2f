import {
  AccountData,
  BlockedInvites,
  IgnoredUsers,
  openAccountDataStream,
  Tags,
} from '../features/account-data/index.ts';
import {
  Accounts,
  Passwords,
  Reauthentication,
  Registration,
  Sessions,
  SharedSecretRegistration,
} from '../features/accounts/index.ts';
import { Devices } from '../features/devices/index.ts';
import { Filters } from '../features/filters/index.ts';
import { PushRules, pushRulesContent } from '../features/push-rules/index.ts';
import { UserInteractiveAuth } from '../http/uia.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { Base } from './base.ts';

/** Who has an account, how they prove it, and what they keep there. */
export const composeAccounts = async (base: Base, notifier: Notifier) => {
  const { config, db, clock, entropy } = base;
  const { min_password_length: minimumLength, shared_secret: secret, open, tokens } = config.registration;
  const log = base.log.with({ area: 'accounts' });
  const passwords = new Passwords({ cost: config.passwords.password_hash_cost, minimumLength }, entropy);
  const sessions = new Sessions({ db, clock, entropy });
  const accounts = new Accounts({ ...base, log, passwords, sessions });
  const registration = new Registration({
    db,
    clock,
    entropy,
    accounts,
    passwords,
    sessions,
    settings: { open, tokens },
  });
  const uia = new UserInteractiveAuth(clock, entropy);
  const reauthentication = new Reauthentication(accounts, uia);
  const accountDataStream = await openAccountDataStream(db);
  const derived = new Map([['m.push_rules', pushRulesContent]]);
  const accountData = new AccountData({ db, stream: accountDataStream, notifier, derived });
  return {
    passwords,
    sessions,
    accounts,
    registration,
    uia,
    reauthentication,
    sharedSecret: secret === undefined ? undefined : new SharedSecretRegistration({ secret, accounts, clock, entropy }),
    accountDataStream,
    accountData,
    ignoredUsers: new IgnoredUsers(accountData),
    blockedInvites: new BlockedInvites(accountData),
    tags: new Tags(accountData),
    filters: new Filters(db),
    pushRules: new PushRules(accountData),
    devices: new Devices({ sessions, reauthentication }),
  };
};

export type AccountServices = Awaited<ReturnType<typeof composeAccounts>>;
