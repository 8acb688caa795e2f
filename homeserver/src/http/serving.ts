import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa, { type Context } from 'koa';
import type { Log } from '../platform/log.ts';
import { withRequestId } from '../platform/request-id.ts';
import { stopwatch } from '../platform/stopwatch.ts';
import { HungUpError } from './body.ts';
import { isMatrixPath, setCors } from './cors.ts';
import { deliver } from './deliver.ts';
import type { OpenRequests } from './exchange.ts';
import type { Later } from './later.ts';
import { respond, respondError } from './respond.ts';
import { type HttpTelemetry, statusClass } from './telemetry.ts';

/** What is learnt on the way, for the log line and the metrics. */
export interface Seen {
  readonly requestId: string;
  readonly seconds: () => number;
  operation: string;
}

export interface ServingDeps {
  readonly open: OpenRequests;
  readonly telemetry: HttpTelemetry;
  readonly log: Log;
  /** For `Strict-Transport-Security`; 0 sends none. */
  readonly hstsSeconds: number;
}

/** Prepares the answer, or gives back what will have it later. */
type Answer = (ctx: Context) => Promise<Later | undefined> | undefined;

/** A request without anything of Koa's: a context is made again when there is something to say. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: Seen;
}

/** Of a request that is no operation's. */
export const UNKNOWN = 'unknown';

/** Sees requests to their ends. */
export class Serving {
  readonly #deps: ServingDeps;
  readonly #answer: Answer;
  /** For its contexts only: what its middleware keeps of each request, listeners above all, is more than a long poll. */
  readonly #koa = new Koa();

  constructor(deps: ServingDeps, answer: Answer) {
    this.#deps = deps;
    this.#answer = answer;
    this.#koa.silent = true;
    // What Koa itself reports: a stream that broke while it was sent.
    this.#koa.on('error', (err: unknown) => deps.log.debug('response failed', { err }));
  }

  begin(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const seen = { requestId, seconds: stopwatch(), operation: UNKNOWN };
    this.#go({ request, response, seen }, this.#answer);
  }

  #go(asked: Asked, answer: Answer): void {
    const { seen, response } = asked;
    void withRequestId(seen.requestId, () =>
      this.#see(asked, answer).catch((err: unknown) => {
        this.#deps.log.error('an answer could not be sent', { operation: seen.operation, err });
        response.destroy();
      }),
    );
  }

  /** To its end, or until it is clear that there is none yet: then it is set aside. */
  async #see(asked: Asked, answer: Answer): Promise<void> {
    const { open, log } = this.#deps;
    const { request, response, seen } = asked;
    const ctx: Context = Object.assign(this.#koa.createContext(request, response), { state: seen });
    try {
      const later = await answer(ctx);
      if (later) {
        open.setAside(response, later, this.#endOf(asked));
        return;
      }
    } catch (error) {
      if (error instanceof HungUpError) ctx.respond = false;
      else if (respondError(ctx, error)) log.error('request failed', { operation: seen.operation, err: error });
    }
    this.#send(ctx, seen);
  }

  #endOf(asked: Asked): (result: Promise<unknown>) => void {
    return (result) => {
      this.#go(asked, async (ctx) => {
        await respond(ctx, await result);
        return undefined;
      });
    };
  }

  /** Headers that are the same for all come last: until then none are kept, and a draining server's last answers say so. */
  #send(ctx: Context, { requestId, operation, seconds }: Seen): void {
    const { open, telemetry, log, hstsSeconds } = this.#deps;
    const { status, method } = ctx;
    ctx.set('X-Request-Id', requestId);
    if (hstsSeconds > 0) ctx.set('Strict-Transport-Security', `max-age=${hstsSeconds}`);
    if (isMatrixPath(ctx.path)) setCors(ctx);
    if (open.isDraining) ctx.set('Connection', 'close');
    telemetry.requests.observe(seconds(), { operation, status: statusClass(status) });
    log.debug('request', { operation, method, status, seconds: seconds() });
    deliver(ctx);
  }
}
