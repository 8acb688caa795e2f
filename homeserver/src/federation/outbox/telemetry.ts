import type { Metrics } from '../../platform/metrics.ts';

export const outboxTelemetry = (metrics: Metrics) => ({
  transactions: metrics.counter('holm_federation_transactions_sent_total', 'Transactions sent to other servers.', {
    outcome: ['accepted', 'failed'],
  }),
  sent: metrics.counter('holm_federation_sent_total', 'What accepted transactions carried.', { kind: ['pdu', 'edu'] }),
  refused: metrics.counter(
    'holm_federation_pdus_refused_total',
    'Events that another server answered with an error.',
    {},
  ),
  dropped: metrics.counter('holm_federation_edus_dropped_total', 'Ephemeral messages not sent.', {
    why: ['unreachable', 'too many'],
  }),
});
export type OutboxTelemetry = ReturnType<typeof outboxTelemetry>;
