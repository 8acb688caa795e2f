import type { ServerResponse } from 'node:http';
import type { ServerName } from '@holm/spec/ids';
import type { Context } from 'koa';
import { Bag } from '../platform/bag.ts';
import { streamBody } from './body.ts';
import type { Later } from './later.ts';
import type { Caller } from './route.ts';

/** A request with all that a handler may ask about it; the shape that `Request` promises. */
export class Exchange {
  caller: Caller | undefined;
  origin: ServerName | undefined;
  params: unknown;
  query: unknown;
  body: unknown;
  bodyText = '';
  readonly address: string;
  readonly userAgent: string;
  readonly #ctx: Context;
  readonly #open: OpenRequests;

  constructor(ctx: Context, address: string, open: OpenRequests) {
    this.#ctx = ctx;
    this.#open = open;
    this.address = address;
    this.userAgent = ctx.req.headers['user-agent'] ?? '';
  }

  get headers(): Readonly<Record<string, string | string[] | undefined>> {
    return this.#ctx.req.headers;
  }

  get isHungUp(): boolean {
    return this.#ctx.res.closed;
  }

  bytes(limit: number): AsyncIterable<Buffer> {
    return streamBody(this.#ctx.req, limit);
  }

  /** Made when it is asked for: few handlers wait for anything. */
  get signal(): AbortSignal {
    return this.#open.signalOf(this.#ctx);
  }
}

// A reason of our own: by default each abort makes an error with a stack, and every long poll ends with one.
const GONE = Symbol('nobody waits for the answer any more');

/** The requests whose handlers may wait, so that they can be told to stop. */
export class OpenRequests {
  readonly #signals = new Map<Context, AbortController>();
  readonly #aside = new Bag<Later>();
  #isDraining = false;

  /** Waits for an answer that comes later. */
  setAside(response: ServerResponse, later: Later, ready: (result: Promise<unknown>) => void): void {
    const abandon = (): void => later.abandon();
    this.#aside.add(later);
    response.on('close', abandon);
    if (response.closed) later.abandon();
    else if (this.#isDraining) later.hurry();
    later.wait((result) => {
      this.#aside.delete(later);
      response.off('close', abandon);
      ready(result);
    });
  }

  signalOf(ctx: Context): AbortSignal {
    const known = this.#signals.get(ctx);
    if (known) return known.signal;
    const controller = new AbortController();
    if (this.#isDraining || ctx.res.closed) {
      controller.abort(GONE);
      return controller.signal;
    }
    this.#signals.set(ctx, controller);
    // The response, not the request: a request closes as soon as its body has been read.
    ctx.res.once('close', () => {
      this.#signals.delete(ctx);
      controller.abort(GONE);
    });
    return controller.signal;
  }

  /** Ends long polls, those of later requests too. */
  drain(): void {
    this.#isDraining = true;
    for (const controller of this.#signals.values()) controller.abort(GONE);
    for (const later of this.#aside) later.hurry();
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get size(): number {
    return this.#signals.size + this.#aside.size;
  }
}
