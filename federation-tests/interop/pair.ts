import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDatabase } from '../src/database.ts';
import { Link } from '../src/partition.ts';
import { type Home, Person } from '../src/people.ts';
import { freePort, ServerProcess } from '../src/process.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { Synapse } from './synapse.ts';

export const SIDES = ['holm', 'synapse'] as const;
export type Side = (typeof SIDES)[number];
export const otherSide = (side: Side): Side => (side === 'holm' ? 'synapse' : 'holm');

const PATIENCE_MS = 20_000;
const POLL_MS = 100;
/** More than either is set to wait for before it tries the other again. Synapse then waits for something to send. */
const BACK_OFF_MS = 600;

/** What a test set-up wants of our server. It speaks TLS and finds the other by its name, as it would elsewhere. */
const holmSettings = (database: string, listeners: readonly object[]): object => ({
  database: { url: database, pool_size: 5 },
  listeners,
  registration: { open: true },
  passwords: { password_hash_cost: 4 },
  calls: { enabled: false },
  federation: { max_backoff_ms: 500 },
  outgoing: { federation: { verify_certificates: false, allow_private_addresses: true } },
  rate_limits: Object.fromEntries(
    ['login', 'registration', 'message', 'join', 'invite', 'directory', 'media', 'other', 'federation'].map((of) => [
      of,
      'off',
    ]),
  ),
});

/**
 * One of our servers and a Synapse, with a wire to each that can be cut.
 *
 * A server's name says where its wire begins: `127.0.0.1` and a port, so that nothing has to be discovered.
 */
export class Pair implements AsyncDisposable {
  readonly holm: ServerProcess;
  readonly synapse: Synapse;
  readonly #links: readonly Link[];
  readonly #stack: AsyncDisposableStack;
  #people = 0;
  #isCut = false;

  private constructor(servers: Pick<Pair, 'holm' | 'synapse'>, links: readonly Link[], stack: AsyncDisposableStack) {
    this.holm = servers.holm;
    this.synapse = servers.synapse;
    this.#links = links;
    this.#stack = stack;
  }

  static async start(): Promise<Pair> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'holm-interop-'));
    stack.defer(() => rmSync(folder, { recursive: true }));
    const certificate = await selfSigned(folder);
    const toHolm = stack.use(await Link.open());
    const toSynapse = stack.use(await Link.open());
    const holm = await holmBehind(toHolm, certificate, stack);
    const synapse = stack.use(await synapseBehind(toSynapse, certificate));
    await Promise.all([holm.start(), synapse.start()]);
    return new Pair({ holm, synapse }, [toHolm, toSynapse], stack.move());
  }

  /** A new account, logged in. */
  person(name: string, side: Side): Promise<Person> {
    const home: Home = this[side];
    return Person.register(home, `${name}${++this.#people}`);
  }

  /** From now on, neither of the two reaches the other. */
  cut(): void {
    this.#isCut = true;
    for (const link of this.#links) link.cut();
  }

  /** They reach each other again. Resolves once neither leaves the other alone any more for not having answered. */
  async heal(): Promise<void> {
    if (!this.#isCut) return;
    this.#isCut = false;
    for (const link of this.#links) link.heal();
    await pause(BACK_OFF_MS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    const folder = process.env['HOLM_INTEROP_LOGS'];
    if (folder !== undefined) {
      writeFileSync(join(folder, 'holm.log'), this.holm.output.join('\n'));
      writeFileSync(join(folder, 'synapse.log'), this.synapse.output());
    }
    return this.#stack.disposeAsync();
  }
}

const nameOf = (link: Link): string => new URL(link.url).host;

const holmBehind = async (link: Link, certificate: Certificate, stack: AsyncDisposableStack) => {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const database = stack.use(await createDatabase());
  const listeners = [
    { address: '127.0.0.1', port },
    { address: '127.0.0.1', port: tlsPort, tls: certificate },
  ];
  link.leadTo(tlsPort);
  return stack.use(new ServerProcess({ name: nameOf(link), port, config: holmSettings(database.url, listeners) }));
};

const synapseBehind = async (link: Link, certificate: Certificate): Promise<Synapse> => {
  const [clientPort, federationPort] = [await freePort(), await freePort()];
  link.leadTo(federationPort);
  return new Synapse({ name: nameOf(link), clientPort, federationPort, certificate });
};

/** Servers of others do not say when they have settled: asks again until what is asserted is so. */
export const eventually = async (assert: () => Promise<unknown>): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await assert();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(POLL_MS);
  }
};
