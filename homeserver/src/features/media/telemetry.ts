import type { Metrics } from '../../platform/metrics.ts';

export const mediaTelemetry = (metrics: Metrics) => ({
  uploaded: metrics.counter('holm_media_uploaded_bytes_total', 'Bytes of files that users here have sent.', {}),
});

export type MediaTelemetry = ReturnType<typeof mediaTelemetry>;
