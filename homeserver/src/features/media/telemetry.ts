import type { Metrics } from '../../platform/metrics.ts';

export const mediaTelemetry = (metrics: Metrics) => ({
  uploaded: metrics.counter('holm_media_uploaded_bytes_total', 'Bytes of files that users here have sent.', {}),
  fetched: metrics.counter('holm_media_fetched_bytes_total', 'Bytes of files that other servers have sent.', {}),
  pictures: metrics.counter('holm_media_pictures_total', 'Pictures that were to be made small.', {
    outcome: ['made', 'as it is', 'too large', 'no picture', 'unavailable'],
  }),
});

export type MediaTelemetry = ReturnType<typeof mediaTelemetry>;
