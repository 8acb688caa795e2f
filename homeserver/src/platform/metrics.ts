import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Each label lists every value it may take, so that no metric can grow with the number of rooms or users. */
type LabelValues = Readonly<Record<string, readonly string[]>>;
type Picked<L extends LabelValues> = { readonly [K in keyof L]: L[K][number] };

/** What is counted is handed to the library in one go: one by one, among everything else, each costs as much as a fiftieth of a small request. */
const AT_ONCE = 100;

/** Takes things one by one, and hands them on many at a time. */
class Batch<Item> {
  readonly #hand: (item: Item) => void;
  #waiting: Item[] = [];

  constructor(hand: (item: Item) => void) {
    this.#hand = hand;
  }

  add(item: Item): void {
    if (this.#waiting.push(item) >= AT_ONCE) this.handOn();
  }

  handOn(): void {
    const items = this.#waiting;
    this.#waiting = [];
    const failures: unknown[] = [];
    for (const item of items) {
      try {
        this.#hand(item);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'something was counted that cannot be');
  }
}

/** One per server, not one per process: a test runs several servers side by side. */
export class Metrics {
  readonly registry = new Registry();

  counter<const L extends LabelValues>(name: string, help: string, labels: L) {
    const batch = new Batch<readonly [by: number, picked: Picked<L>]>(([by, picked]) => counter.inc({ ...picked }, by));
    const counter = new Counter({
      ...{ name, help, labelNames: Object.keys(labels), registers: [this.registry] },
      collect: () => batch.handOn(),
    });
    return { add: (by: number, picked: Picked<L>): void => batch.add([by, picked]) };
  }

  /** Seconds, or whatever unit the name ends in. */
  histogram<const L extends LabelValues>(name: string, help: string, labels: L, buckets: readonly number[]) {
    const batch = new Batch<readonly [value: number, picked: Picked<L>]>(([value, picked]) =>
      histogram.observe({ ...picked }, value),
    );
    const histogram = new Histogram({
      ...{ name, help, labelNames: Object.keys(labels), buckets: [...buckets], registers: [this.registry] },
      collect: () => batch.handOn(),
    });
    return { observe: (value: number, picked: Picked<L>): void => batch.add([value, picked]) };
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
