import type { IncomingMessage, ServerResponse } from 'node:http';
import { MatrixError } from '@holm/spec/errors';
import Koa, { type Context } from 'koa';
import type { Log } from '../platform/log.ts';
import { withRequestId } from '../platform/request-id.ts';
import { stopwatch } from '../platform/stopwatch.ts';
import { HungUpError } from './body.ts';
import { corsOf, isMatrixPath } from './cors.ts';
import { deliver, type HeaderList } from './deliver.ts';
import type { OpenRequests } from './exchange.ts';
import { Later } from './later.ts';
import { Reply } from './reply.ts';
import { errorReply, knownError, replyOf } from './respond.ts';
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

/** The answer, or what will have it later. */
type Answer = (ctx: Context) => Promise<Reply | Later> | Reply;

/** A request without anything of Koa's: a context is made again when there is something to say. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: Seen;
}

/** Nobody hears it: for the log and the metrics, as nginx has it. */
const HUNG_UP = new Reply(499, {}, '');

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
    const ctx = this.#koa.createContext(request, response);
    ctx.state = seen;
    try {
      if (!hasPath(ctx)) throw new MatrixError('M_UNRECOGNIZED', 'this is no address', { status: 400 });
      const answered = await answer(ctx);
      if (answered instanceof Later) open.setAside(response, answered, this.#endOf(asked));
      else this.#send(ctx, answered, seen);
    } catch (error) {
      if (response.headersSent) throw error;
      const isHungUp = error instanceof HungUpError;
      if (!isHungUp && !knownError(error)) log.error('request failed', { operation: seen.operation, err: error });
      this.#send(ctx, isHungUp ? HUNG_UP : errorReply(error), seen);
    }
  }

  #endOf(asked: Asked): (result: Promise<unknown>) => void {
    return (result) => {
      this.#go(asked, async (ctx) => replyOf(ctx, await result));
    };
  }

  #send(ctx: Context, reply: Reply, seen: Seen): void {
    const { telemetry, log } = this.#deps;
    const { operation, seconds } = seen;
    const { status } = reply;
    const failed = (err: Error): void => log.debug('response failed', { err });
    deliver(ctx, reply, { besides: this.#headersOf(ctx, seen), failed });
    // Whoever waits for the answer does not wait for this.
    const took = seconds();
    telemetry.requests.observe(took, { operation, status: statusClass(status) });
    log.debug('request', { operation, method: ctx.method, status, seconds: took });
  }

  /** Those of all answers. A draining server's last ones say that they are. */
  #headersOf(ctx: Context, { requestId }: Seen): HeaderList {
    const { open, hstsSeconds } = this.#deps;
    const list = ['X-Request-Id', requestId];
    if (hstsSeconds > 0) list.push('Strict-Transport-Security', `max-age=${hstsSeconds}`);
    if (hasPath(ctx) && isMatrixPath(ctx.path)) list.push(...corsOf(ctx.method));
    if (open.isDraining) list.push('Connection', 'close');
    return list;
  }
}

/** Node takes more for an address than is one. */
const hasPath = (ctx: Context): boolean => {
  try {
    return typeof ctx.path === 'string';
  } catch {
    return false;
  }
};
