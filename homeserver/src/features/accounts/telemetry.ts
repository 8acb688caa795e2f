import type { Metrics } from '../../platform/metrics.ts';

export const accountsTelemetry = (metrics: Metrics) => ({
  logins: metrics.counter('holm_logins_total', 'Attempts to log in with a password.', {
    outcome: ['accepted', 'refused'],
  }),
  created: metrics.counter('holm_accounts_created_total', 'Accounts opened.', {}),
});
