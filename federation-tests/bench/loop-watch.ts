// Preloaded into a homeserver's process by `ServerProcess.start({ isWatched: true })`: watches its event loop from inside, from one
// message to the next. Nothing of the server knows of it.
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** What was seen between the two messages, the longest of each kind. */
export interface Held {
  /** As `monitorEventLoopDelay` has it. Whoever else wants the processor has a part in it. */
  readonly loopMs: number;
  /** Processor time that the thread took in one go: what the loop was held for by what the process itself did. */
  readonly workedMs: number;
  /** Of which it was not V8 collecting garbage. */
  readonly ownMs: number;
  readonly garbageMs: number;
  readonly garbageShare: number;
  readonly cpuMs: number;
  /** Resident memory: more than before, at most. */
  readonly moreMb: number;
}

interface Turn {
  readonly from: number;
  readonly to: number;
  readonly cpuMs: number;
}

const MEGABYTE = 1024 * 1024;
/** Shorter ones are none of the longest. */
const WORTH_KEEPING_MS = 2;

const watch = (): (() => Held) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const turns: Turn[] = [];
  const garbage: { readonly startTime: number; readonly duration: number }[] = [];
  const keepGarbage = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) garbage.push({ startTime, duration });
  });
  keepGarbage.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let peak = before;
  const sample = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  let last = { cpu: process.threadCpuUsage(), at: start };
  const endTurn = (): void => {
    const { user, system } = process.threadCpuUsage(last.cpu);
    const to = performance.now();
    const cpuMs = (user + system) / 1000;
    if (cpuMs >= WORTH_KEEPING_MS) turns.push({ from: last.at, to, cpuMs });
    last = { cpu: process.threadCpuUsage(), at: to };
  };
  const turn = setInterval(endTurn, 1);
  delay.enable();
  return () => {
    delay.disable();
    clearInterval(sample);
    clearInterval(turn);
    endTurn();
    for (const { startTime, duration } of keepGarbage.takeRecords()) garbage.push({ startTime, duration });
    keepGarbage.disconnect();
    const own = turns.map(({ from, to, cpuMs }) => {
      const collected = garbage.filter(({ startTime }) => startTime >= from && startTime < to);
      return cpuMs - collected.reduce((sum, { duration }) => sum + duration, 0);
    });
    const { user, system } = process.cpuUsage(cpu);
    const collected = garbage.reduce((sum, { duration }) => sum + duration, 0);
    return {
      loopMs: delay.max / 1e6,
      workedMs: Math.max(0, ...turns.map(({ cpuMs }) => cpuMs)),
      ownMs: Math.max(0, ...own),
      garbageMs: Math.max(0, ...garbage.map(({ duration }) => duration)),
      garbageShare: collected / (performance.now() - start),
      cpuMs: (user + system) / 1000,
      moreMb: (peak - before) / MEGABYTE,
    };
  };
};

let stop: (() => Held) | undefined;
process.on('message', () => {
  if (stop) process.send?.(stop());
  stop = stop ? undefined : watch();
  if (stop) process.send?.('watching');
});
// It must not keep the process from ending.
process.channel?.unref();
