import { ServerName } from '@holm/spec/ids';
import { Accounts, Passwords, Registration, type RegistrationSettings, Sessions } from '../features/accounts/index.ts';
import { silentLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import type { Database } from '../storage/database.ts';
import { ManualClock } from './manual-clock.ts';
import { seededEntropy } from './seeded-entropy.ts';

const OPEN: RegistrationSettings = { open: true, tokens: [] };

/** The accounts of the server `a.test`, with passwords that cost nothing. */
export const createTestAccounts = (db: Database, settings: RegistrationSettings = OPEN) => {
  const serverName = ServerName.parse('a.test');
  const clock = new ManualClock();
  const entropy = seededEntropy('accounts');
  const passwords = new Passwords({ cost: 4, minimumLength: 8 }, entropy);
  const sessions = new Sessions({ db, clock, entropy });
  const metrics = new Metrics();
  const accounts = new Accounts({ db, clock, log: silentLog, metrics, serverName, passwords, sessions });
  const registration = new Registration({ db, clock, entropy, accounts, passwords, sessions, settings });
  return { accounts, clock, entropy, passwords, registration, serverName, sessions };
};
