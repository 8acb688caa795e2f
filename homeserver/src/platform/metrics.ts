import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Each label lists every value it may take, so that no metric can grow with the number of rooms or users. */
type LabelValues = Readonly<Record<string, readonly string[]>>;
type Picked<L extends LabelValues> = { readonly [K in keyof L]: L[K][number] };

/** One after another in one go, observations cost a fifth of what they do one by one among everything else. */
const OBSERVED_AT_ONCE = 100;

/** One per server, not one per process: a test runs several servers side by side. */
export class Metrics {
  readonly registry = new Registry();

  counter<const L extends LabelValues>(name: string, help: string, labels: L) {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    return { add: (by: number, picked: Picked<L>): void => counter.inc({ ...picked }, by) };
  }

  /** Seconds, or whatever unit the name ends in. */
  histogram<const L extends LabelValues>(name: string, help: string, labels: L, buckets: readonly number[]) {
    let waiting: (readonly [value: number, picked: Picked<L>])[] = [];
    const hand = (): void => {
      for (const [value, picked] of waiting) histogram.observe({ ...picked }, value);
      waiting = [];
    };
    const histogram = new Histogram({
      name,
      help,
      labelNames: Object.keys(labels),
      buckets: [...buckets],
      registers: [this.registry],
      collect: hand,
    });
    const observe = (value: number, picked: Picked<L>): void => {
      if (waiting.push([value, picked]) >= OBSERVED_AT_ONCE) hand();
    };
    return { observe };
  }

  /** A value that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
