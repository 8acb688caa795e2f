import type { Metrics } from '../../platform/metrics.ts';
import type { Admission } from './livekit/door.ts';
import type { Refused } from './livekit/requests.ts';

const OUTCOMES: readonly Admission[] = [
  'joined',
  'resumed',
  'token',
  'not a member',
  'rate',
  'full',
  'no worker',
  'unknown session',
];
const REFUSED: readonly Refused[] = [
  'messages',
  'offers',
  'session description',
  'frame',
  'tracks',
  'not allowed',
  'streams',
  'bitrate',
  'data',
  'failed',
];

/** What can be counted of calls at any time. */
export interface CallCounts {
  readonly calls: () => number;
  readonly participants: () => number;
  readonly workers: () => number;
  readonly streams: () => number;
  readonly pipes: () => number;
  readonly workerDeaths: () => number;
}

export const callTelemetry = (metrics: Metrics, counts: CallCounts) => {
  metrics.gauge('holm_calls_active', 'Calls that are going on.', counts.calls);
  metrics.gauge('holm_calls_participants', 'Participants of all calls.', counts.participants);
  metrics.gauge('holm_calls_workers', 'Media workers that run.', counts.workers);
  metrics.gauge('holm_calls_streams', 'Streams that are sent to participants.', counts.streams);
  metrics.gauge('holm_calls_pipes', 'Tracks that go from one media worker to another.', counts.pipes);
  metrics.gauge('holm_calls_worker_deaths', 'Media workers that have died since the start.', counts.workerDeaths);
  const asked = metrics.counter('holm_calls_connections_total', 'What became of those who came to a call.', {
    outcome: OUTCOMES,
  });
  const refused = metrics.counter('holm_calls_refused_total', 'What clients of calls asked for and were refused.', {
    what: REFUSED,
  });
  return {
    asked: (outcome: Admission) => asked.add(1, { outcome }),
    refused: (what: Refused) => refused.add(1, { what }),
  };
};
