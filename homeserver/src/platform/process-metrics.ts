import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const NANOSECONDS = 1e9;
/** Each look wakes the process, which costs a tenth of a millisecond: on an idle server, oftener would be most of what it uses. */
const LOOK_EVERY_MS = 500;
const KINDS = ['rss', 'heapUsed', 'external'] as const;

/** What the process uses. Shared by all servers of a process, unlike everything else that is counted. */
export const processMetrics = (metrics: Metrics): Disposable => {
  const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  delay.enable();
  metrics.gauge('process_uptime_seconds', 'Since the process started.', () => process.uptime());
  metrics.gauge('process_cpu_seconds', 'CPU time used, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  for (const kind of KINDS) {
    const name = kind === 'heapUsed' ? 'heap_used' : kind;
    metrics.gauge(`process_memory_${name}_bytes`, `Memory: ${name}.`, () => process.memoryUsage()[kind]);
  }
  metrics.gauge('process_event_loop_delay_p99_seconds', 'Delay of the event loop since it was last asked.', () => {
    // What is measured is the time from one look to the next.
    const p99 = delay.count === 0 ? 0 : delay.percentile(99) / NANOSECONDS - LOOK_EVERY_MS / 1000;
    delay.reset();
    return Math.max(0, p99);
  });
  return { [Symbol.dispose]: () => void delay.disable() };
};
