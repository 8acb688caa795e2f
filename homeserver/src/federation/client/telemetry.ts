import type { Metrics } from '../../platform/metrics.ts';

export const clientTelemetry = (metrics: Metrics) => ({
  requests: metrics.counter('holm_federation_requests_total', 'Requests to other servers, by how they ended.', {
    outcome: ['answered', 'forbidden', 'backing off', 'unreachable', 'refused', 'malformed'],
  }),
  seconds: metrics.histogram(
    'holm_federation_request_seconds',
    'How long requests to other servers took.',
    {},
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  ),
});
