import type { Metrics } from '../../platform/metrics.ts';

export type PresenceTelemetry = ReturnType<typeof presenceTelemetry>;

export const presenceTelemetry = (metrics: Metrics, here: () => number) => {
  metrics.gauge('holm_presence_here', 'Users of this server whose clients are connected.', here);
  const told = metrics.counter(
    'holm_presence_told_total',
    'How often somebody was told that others are online, or not.',
    {
      whom: ['user', 'server'],
    },
  );
  const dropped = metrics.counter('holm_presence_dropped_total', 'What other servers said and was too much.', {});
  return {
    told: (whom: 'user' | 'server', count: number): void => told.add(count, { whom }),
    dropped: (count: number): void => dropped.add(count, {}),
  };
};
