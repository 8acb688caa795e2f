import { setFlagsFromString } from 'node:v8';

const LOOK_EVERY_MS = 30_000;

/** What a look at the process has found since the one before. */
interface Look {
  readonly passedMs: number;
  readonly cpuMs: number;
}

/** Of one core. A family that talks takes a hundredth. */
const BUSY_SHARE = 0.1;
/** So many looks in a row: who has paused for a minute comes back to a server that has better things to do. */
const LOOKS_UNTIL_QUIET = 4;
/** V8 takes its time: it looks every eight seconds, and collects twice. */
const LOOKS_TO_REDUCE = 2;

/** When a process gives memory back: once after each busy time, when that has been over for a while. */
export class Quiet {
  #hasBeenBusy = true;
  #quietLooks = 0;

  /** Whether now, until the next look, is the time. */
  look({ passedMs, cpuMs }: Look): boolean {
    if (cpuMs > BUSY_SHARE * passedMs) {
      this.#hasBeenBusy = true;
      this.#quietLooks = 0;
      return false;
    }
    if (!this.#hasBeenBusy) return false;
    this.#quietLooks += 1;
    if (this.#quietLooks >= LOOKS_UNTIL_QUIET + LOOKS_TO_REDUCE) {
      this.#hasBeenBusy = false;
      this.#quietLooks = 0;
      return false;
    }
    return this.#quietLooks >= LOOKS_UNTIL_QUIET;
  }
}

/**
 * Has V8 give back what a busy time has left, when it is quiet again. By itself V8 does so only where next to nothing is allocated, which
 * is never the case of a server. It marks in small steps, then moves what is in use together: that takes a tenth of a second or two in one go,
 * which is why it waits until few can notice.
 */
export const giveBackWhenQuiet = (): Disposable => {
  const quiet = new Quiet();
  let [last, used] = [performance.now(), process.cpuUsage()];
  let isOn = false;
  const timer = setInterval(() => {
    const [now, { user, system }] = [performance.now(), process.cpuUsage(used)];
    const isTime = quiet.look({ passedMs: now - last, cpuMs: (user + system) / 1_000 });
    [last, used] = [now, process.cpuUsage()];
    if (isTime !== isOn) setFlagsFromString(isTime ? '--memory-saver-mode' : '--no-memory-saver-mode');
    isOn = isTime;
  }, LOOK_EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
};
