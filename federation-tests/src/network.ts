import type { Clock } from '@holm/homeserver/platform/clock';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Certificate } from './certificates.ts';
import { Link } from './partition.ts';
import { Person } from './people.ts';
import { TestServer } from './server.ts';

export interface NetworkOptions {
  readonly names: readonly string[];
  /** More of every server's configuration. */
  readonly config?: object;
  /** More of that of one, by its name. */
  readonly configOf?: (name: string) => object;
  /** Where other servers are that are not ours, by name. */
  readonly strangers?: Readonly<Record<string, string>>;
  /** By the name of a server, what it proves itself with. Without it, they speak without TLS. */
  readonly certificates?: Readonly<Record<string, Certificate>>;
  /** For servers whose clocks do not go right. */
  readonly clockOf?: (name: string, clock: ManualClock) => Clock;
  /** Where a server finds PostgreSQL, if there is something in between. */
  readonly databaseUrlOf?: (name: string) => string | undefined;
}

/** `federation.max_backoff_ms` of the servers, and then some. */
const LONGEST_PAUSE_MS = 120_000;
/** See `IdleCaches`. */
const LULL_MS = 31 * 60_000;

/**
 * Homeservers that find each other, on one clock that moves when it is told to.
 *
 * Between each two there is a link in each direction; `cut` and `heal` are for partitions.
 */
export class TestNetwork implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly #servers = new Map<string, TestServer>();
  readonly #links = new Map<string, Link>();
  #people = 0;

  static start(...names: string[]): Promise<TestNetwork> {
    return TestNetwork.with({ names });
  }

  static async with(options: NetworkOptions): Promise<TestNetwork> {
    const { names, config = {}, strangers = {}, certificates = {} } = options;
    const { configOf = () => ({}), clockOf = (_, clock) => clock, databaseUrlOf = () => undefined } = options;
    const network = new TestNetwork();
    const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
    for (const [from, to] of pairs) network.#links.set(`${from} ${to}`, await Link.open(certificates[to]));
    await Promise.all(
      names.map(async (name) => {
        const links = names.filter((to) => to !== name).map((to) => [to, network.link(name, to).url]);
        const overrides = { ...strangers, ...(Object.fromEntries(links) as Record<string, string>) };
        network.#servers.set(
          name,
          await TestServer.create({
            name,
            clock: clockOf(name, network.clock),
            overrides,
            config: { ...config, ...configOf(name) },
            databaseUrl: databaseUrlOf(name),
          }),
        );
      }),
    );
    for (const server of network.#servers.values()) network.#connect(server);
    return network;
  }

  server(name: string): TestServer {
    const server = this.#servers.get(name);
    if (!server) throw new Error(`there is no ${name} here`);
    return server;
  }

  link(from: string, to: string): Link {
    const link = this.#links.get(`${from} ${to}`);
    if (!link) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }

  /** A new account on a server, logged in. Names are made unique, so that tests can share a network. */
  person(name: string, server: string): Promise<Person> {
    return Person.register(this.server(server), `${name}${++this.#people}`);
  }

  /** From now on, neither of the two reaches the other. */
  cut(one: string, other: string): void {
    this.link(one, other).cut();
    this.link(other, one).cut();
  }

  /** The two reach each other again, and are told to try: those that failed have been leaving each other alone. */
  async heal(one: string, other: string): Promise<void> {
    this.link(one, other).heal();
    this.link(other, one).heal();
    await this.retry();
  }

  /** Moves time on until all servers have tried again to reach those that did not answer. */
  async retry(): Promise<void> {
    await this.settle(); // what is under way must not look as if it took so long
    this.clock.advance(LONGEST_PAUSE_MS);
    await this.settle();
  }

  /** So long nobody asks for anything that servers let go of what they remember of those who were there. */
  async lull(): Promise<void> {
    await this.settle();
    this.clock.advance(LULL_MS);
    for (const server of this.#servers.values()) await server.running.services.upkeep.idle.letGo();
  }

  async stop(name: string): Promise<void> {
    await this.server(name).stop();
    this.#linksTo(name, (link) => link.leadTo(undefined));
  }

  /** `more`: what it has in its configuration this time, beside the rest. */
  async start(name: string, more: object = {}): Promise<void> {
    await this.server(name).start(more);
    this.#connect(this.server(name));
  }

  /** Resolves once nothing is on the wire: everything that was sent has arrived, and what followed from it too. */
  async settle(): Promise<void> {
    // What one server finishes may give another something to do; a round in which nothing was said is the last.
    for (let before = -1; before !== this.#traffic;) {
      before = this.#traffic;
      for (const server of this.#servers.values()) await server.settled();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settle();
    await Promise.all([...this.#servers.values()].map((server) => server[Symbol.asyncDispose]()));
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
  }

  get #traffic(): number {
    return [...this.#links.values()].reduce((sum, link) => sum + link.bytes, 0);
  }

  #connect(server: TestServer): void {
    this.#linksTo(server.name, (link) => link.leadTo(server.port));
  }

  #linksTo(name: string, change: (link: Link) => void): void {
    for (const [ends, link] of this.#links) if (ends.endsWith(` ${name}`)) change(link);
  }
}
