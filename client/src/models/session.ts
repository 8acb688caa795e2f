import type { Storage } from '../platform/storage.ts';
import { createValue, type Value } from '../reactive/value.ts';
import type { Account, Gateway, Session } from '../sdk/gateway.ts';
import { problemOf, type Problem } from '../sdk/problem.ts';

export type SessionState =
  | { readonly is: 'starting' }
  | { readonly is: 'signed-out'; readonly because?: Problem }
  | { readonly is: 'signed-in'; readonly account: Account }
  /** There is a session, but the program to use it with could not be fetched. */
  | { readonly is: 'stuck'; readonly problem: Problem };

export interface SessionModel {
  readonly state: Value<SessionState>;
  /** Takes up the session of last time, if there was one. */
  resume(): Promise<void>;
  adopt(session: Session): Promise<void>;
  signOut(): Promise<void>;
}

const KEY = 'session';

export interface SessionNeeds {
  readonly storage: Storage;
  /** Loads the SDK; called again after a failure. */
  readonly gateway: () => Promise<Gateway>;
}

export const sessionModel = ({ storage, gateway }: SessionNeeds): SessionModel => {
  const state = createValue<SessionState>({ is: 'starting' });

  const end = (account: Account, because?: Problem) => {
    storage.remove(KEY);
    account[Symbol.dispose]();
    state.set({ is: 'signed-out', ...(because && { because }) });
  };

  const open = async (session: Session) => {
    const account = (await gateway()).open(session);
    account.isRevoked.observe(() => {
      if (isCurrent(state.get(), account)) end(account, { code: 'revoked' });
    });
    state.set({ is: 'signed-in', account });
  };

  return {
    state,
    async resume() {
      const session = parseSession(storage.read(KEY));
      if (!session) {
        state.set({ is: 'signed-out' });
        return;
      }
      state.set({ is: 'starting' });
      try {
        await open(session);
      } catch (error) {
        state.set({ is: 'stuck', problem: problemOf(error) });
      }
    },
    async adopt(session) {
      storage.write(KEY, JSON.stringify(session));
      await open(session);
    },
    async signOut() {
      const now = state.get();
      if (now.is !== 'signed-in') return;
      try {
        await now.account.logOut();
        end(now.account);
      } catch (error) {
        // They asked to leave this device, so they leave it; but they must know that the server does not know.
        if (isCurrent(state.get(), now.account)) end(now.account, { ...problemOf(error), code: 'logout-unconfirmed' });
      }
    },
  };
};

const isCurrent = (state: SessionState, account: Account): boolean =>
  state.is === 'signed-in' && state.account === account;

const FIELDS = ['baseUrl', 'userId', 'deviceId', 'accessToken'] as const;

const parseSession = (raw: string | undefined): Session | undefined => {
  if (raw === undefined) return undefined;
  try {
    const stored = JSON.parse(raw) as Partial<Session> | null;
    return stored && FIELDS.every((field) => typeof stored[field] === 'string') ? (stored as Session) : undefined;
  } catch {
    return undefined;
  }
};
