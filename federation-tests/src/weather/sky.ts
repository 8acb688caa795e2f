import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../dice.ts';
import type { TestNetwork } from '../network.ts';
import type { Weather } from './kinds.ts';
import { Wire } from './wire.ts';

/** How long requests that nothing holds up may take, in true time, before the clock goes on. */
const BREATH_MS = 25;
const PIECES = 3;
const LONGEST_HOLD_MS = 5 * 3_600_000;

/** The weather between all servers of a network. */
export class Sky implements AsyncDisposable {
  readonly #network: TestNetwork;
  readonly #wires = new Map<string, Wire>();

  private constructor(network: TestNetwork) {
    this.#network = network;
  }

  static async over(network: TestNetwork, names: readonly string[]): Promise<Sky> {
    const sky = new Sky(network);
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        sky.#wires.set(`${from} ${to}`, await Wire.open(() => network.server(to).port, network.clock));
      }
    }
    sky.#connect();
    return sky;
  }

  /** From now on, this happens to so many of a hundred requests. */
  turn(weather: Weather, share: number, dice: Dice): void {
    for (const wire of this.#wires.values()) wire.forecast = () => (dice.below(100) < share ? weather : undefined);
  }

  /** Something else for each request. */
  storm(kinds: readonly Weather[], share: number, dice: Dice): void {
    for (const wire of this.#wires.values()) {
      wire.forecast = () => (dice.below(100) < share ? dice.of(kinds) : undefined);
    }
  }

  /** From now on, nobody reaches anybody. */
  part(): void {
    for (const [from, to] of this.#ends()) this.#network.link(from, to).cut();
  }

  /** Whoever lost each other can meet, whatever else the weather does. */
  meet(): void {
    for (const [from, to] of this.#ends()) this.#network.link(from, to).heal();
  }

  /** Lets time go by in pieces, with some true time after each for what can be said meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let piece = 0; piece < PIECES; piece++) {
      this.#network.clock.advance(ms / PIECES);
      await Promise.race([this.#network.settle(), pause(BREATH_MS)]);
    }
  }

  /** What servers do every minute. */
  async tidy(): Promise<void> {
    for (const name of new Set(this.#ends().map(([from]) => from))) {
      await this.#network.server(name).running.services.rooms.outbox.trim();
    }
  }

  /** Ends all weather, and waits until everybody has tried again to reach those that did not answer. */
  async clear(): Promise<void> {
    this.meet();
    await Promise.all([...this.#wires.values()].map((wire) => wire.clear()));
    await this.#network.settle();
    for (const wire of this.#wires.values()) wire.passed.length = 0;
    await this.#network.retry();
  }

  /** Has everybody try again what they could not judge when it came, as they do later and later. */
  async judgeHeld(): Promise<void> {
    this.#network.clock.advance(LONGEST_HOLD_MS);
    for (const name of new Set(this.#ends().map(([from]) => from))) {
      await this.#network.server(name).running.services.rooms.ingest.retryHeld();
    }
    await this.#network.settle();
  }

  async restart(name: string): Promise<void> {
    await this.#network.stop(name);
    await this.#network.start(name);
    this.#connect();
  }

  /** How many requests something has happened to, so far. */
  get spoiled(): number {
    return [...this.#wires.values()].reduce((sum, wire) => sum + wire.spoiled, 0);
  }

  /** What has been asked since the sky cleared up: how often, by operation. */
  passed(): Readonly<Record<string, number>> {
    const all = [...this.#wires.values()].flatMap(({ passed }) => passed);
    return Object.fromEntries([...Map.groupBy(all, (operation) => operation)].map(([name, of]) => [name, of.length]));
  }

  /** To be called before the network is disposed of. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#wires.values()].map((wire) => wire[Symbol.asyncDispose]()));
  }

  #ends(): readonly (readonly [string, string])[] {
    return [...this.#wires.keys()].map((ends) => ends.split(' ') as [string, string]);
  }

  #connect(): void {
    for (const [from, to] of this.#ends()) {
      const { port } = this.#wires.get(`${from} ${to}`)!;
      this.#network.link(from, to).leadTo(port);
    }
  }
}
