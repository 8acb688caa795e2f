import { ALLOW, refuse } from '../../core/verdict.ts';
import type { Caller } from '../../http/route.ts';
import type { AuthData, UserInteractiveAuth } from '../../http/uia.ts';
import type { Accounts } from './accounts.service.ts';
import { isByAddress, userOf } from './password-stage.ts';

/** Asks somebody who is logged in to prove once more that it is them. */
export class Reauthentication {
  readonly #accounts: Accounts;
  readonly #uia: UserInteractiveAuth;

  constructor(accounts: Accounts, uia: UserInteractiveAuth) {
    this.#accounts = accounts;
    this.#uia = uia;
  }

  /** Resolves once the caller has shown the password; the 401 of user-interactive authentication otherwise. */
  async demand(caller: Caller, operation: string, auth: AuthData | undefined): Promise<void> {
    await this.#uia.complete({
      purpose: `${operation} ${caller.userId} ${caller.deviceId}`,
      auth,
      flows: [['m.login.password']],
      check: async (_stage, data) => {
        // Some clients leave the name out where only one person can be meant.
        const user = userOf(data) ?? (isByAddress(data) ? undefined : caller.userId);
        if (user === undefined) return refuse('nobody is known here by this address');
        const password = typeof data['password'] === 'string' ? data['password'] : '';
        return (await this.#accounts.isPasswordOf(caller.userId, user, password)) ? ALLOW : refuse('wrong password');
      },
    });
  }
}
