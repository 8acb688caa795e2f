import type { Metrics } from '../platform/metrics.ts';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const STATUS = ['2xx', '3xx', '4xx', '5xx'] as const;

export const statusClass = (status: number): (typeof STATUS)[number] =>
  STATUS[Math.min(Math.max(Math.floor(status / 100), 2), 5) - 2] ?? '5xx';

export type HttpTelemetry = ReturnType<typeof httpTelemetry>;

export const httpTelemetry = (metrics: Metrics, operations: readonly string[]) => ({
  requests: metrics.histogram(
    'holm_http_request_seconds',
    'Time from a request to its answer, long polls included.',
    { operation: [...new Set(operations)], status: STATUS },
    BUCKETS,
  ),
});
