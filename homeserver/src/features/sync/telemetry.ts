import type { Metrics } from '../../platform/metrics.ts';

export type SyncTelemetry = ReturnType<typeof syncTelemetry>;

export const syncTelemetry = (metrics: Metrics, waiting: () => number) => {
  metrics.gauge(
    'holm_sync_waiting',
    'Long polls, and follows over WebSockets, that wait for something to happen.',
    waiting,
  );
  const answers = metrics.counter('holm_sync_answers_total', 'Answers to syncs.', {
    kind: ['initial', 'news', 'nothing new'],
  });
  return {
    answered: (isInitial: boolean, hasNews: boolean): void =>
      answers.add(1, { kind: isInitial ? 'initial' : hasNews ? 'news' : 'nothing new' }),
  };
};
