import type { Metrics } from '../../platform/metrics.ts';

export const inboxTelemetry = (metrics: Metrics) => ({
  transactions: metrics.counter('holm_federation_transactions_received_total', 'Transactions from other servers.', {
    outcome: ['processed', 'repeated', 'refused', 'failed'],
  }),
  received: metrics.counter('holm_federation_received_total', 'What transactions from other servers carried.', {
    kind: ['pdu', 'edu'],
  }),
  failures: metrics.counter(
    'holm_federation_received_failures_total',
    'Parts of transactions that were not processed.',
    {
      kind: ['malformed pdu', 'pdu with an error', 'edu', 'slow room'],
    },
  ),
  seconds: metrics.histogram(
    'holm_federation_transaction_received_seconds',
    'How long transactions from other servers took to process.',
    {},
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  ),
});
