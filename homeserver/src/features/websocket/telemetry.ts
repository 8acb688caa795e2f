import type { Metrics } from '../../platform/metrics.ts';

/** Why sockets were closed, or never opened. */
export const CLOSE_REASONS = [
  'client',
  'broken',
  'bad message',
  'session over',
  'not authenticated',
  'too slow',
  'gone',
  'stopping',
  'failure',
  'too many of the user',
  'too many of the address',
  'too many',
  'origin',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

export type SocketTelemetry = ReturnType<typeof socketTelemetry>;

export const socketTelemetry = (metrics: Metrics, open: () => number) => {
  metrics.gauge('holm_websocket_open', 'WebSockets of clients that are open.', open);
  const closed = metrics.counter('holm_websocket_closed_total', 'WebSockets that were closed or refused, by reason.', {
    reason: CLOSE_REASONS,
  });
  const bytes = metrics.counter('holm_websocket_bytes_total', 'What went over WebSockets, as on the wire.', {
    direction: ['in', 'out'],
  });
  return {
    closed: (reason: CloseReason): void => closed.add(1, { reason }),
    moved: (read: number, written: number): void => {
      bytes.add(read, { direction: 'in' });
      bytes.add(written, { direction: 'out' });
    },
  };
};
