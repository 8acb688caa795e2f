import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '@holm/homeserver/platform/clock';
import { Exchange } from './exchange.ts';
import type { Weather } from './kinds.ts';

/** Chooses what becomes of a request; undefined lets it pass. */
export type Forecast = (exchange: Exchange) => Weather | undefined;

/** Hands every request on to another server, if the weather allows. Stands behind a `Link`. */
export class Wire implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #agent = new Agent({ keepAlive: true });
  readonly #target: () => number;
  readonly #under = new Set<Promise<void>>();
  #forecast: Forecast = () => undefined;
  #cleared = new AbortController();
  /** What was asked since this was last emptied, as `PUT send`. */
  readonly passed: string[] = [];
  /** How many requests something has happened to. */
  spoiled = 0;

  private constructor(target: () => number, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  static async open(target: () => number, clock: Clock): Promise<Wire> {
    const wire = new Wire(target, clock);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set forecast(forecast: Forecast) {
    this.#forecast = forecast;
  }

  /** From now on everything passes; what was held up comes to its end. */
  async clear(): Promise<void> {
    this.#forecast = () => undefined;
    this.#cleared.abort();
    await Promise.all(this.#under);
    this.#cleared = new AbortController();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    if (!body) return; // the sender has gone
    const around = { port: this.#target(), agent: this.#agent, clock: this.#clock, cleared: this.#cleared.signal };
    const exchange = new Exchange(request, body, response, around);
    this.passed.push(operationOf(exchange));
    const weather = this.#forecast(exchange);
    if (weather) this.spoiled++;
    // Whoever fails to reach the server hears as much.
    const under = (weather ?? pass)(exchange).catch(() => exchange.hangUp());
    this.#under.add(under);
    await under;
    this.#under.delete(under);
  }
}

const pass: Weather = async (exchange) => exchange.answer(await exchange.forward());

/** `PUT send`, `GET make_join`, ...: without what it is about. */
const operationOf = ({ method, path }: Exchange): string => `${method} ${path.split('?')[0]?.split('/')[4] ?? path}`;
