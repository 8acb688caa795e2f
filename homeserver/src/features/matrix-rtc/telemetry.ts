import type { Metrics } from '../../platform/metrics.ts';

const OUTCOMES = ['given', 'not verified', 'not a member'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const rtcTelemetry = (metrics: Metrics, delegations: () => number) => {
  metrics.gauge('holm_calls_delegated_leaves', 'Leaves of calls that clients have delegated.', delegations);
  const tokens = metrics.counter('holm_calls_tokens_total', 'What became of those who asked for a token for a call.', {
    outcome: OUTCOMES,
  });
  return { asked: (outcome: Outcome) => tokens.add(1, { outcome }) };
};
