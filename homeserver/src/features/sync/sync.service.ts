import { MatrixError } from '@holm/spec/errors';
import type { Filter } from '../../core/filters/filter.ts';
import type { Caller } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { Position } from '../../streams/stream.ts';
import type { DeviceListNews } from '../../streams/sync-part.ts';
import { parseSyncToken } from '../../streams/tokens.ts';
import type { PresenceState } from '../presence/index.ts';
import type { JsonText } from './json-text.ts';
import type { Followers } from './followers.sync.ts';
import { OpenPolls, OVER, SESSION_ENDED } from './open-polls.ts';
import { type Answer, type Positions, Responses, type ResponsesDeps, type Told } from './responses.sync.ts';
import { type SyncTelemetry, syncTelemetry } from './telemetry.ts';
import type { StateField, View } from './view.sync.ts';

export interface SyncDeps extends ResponsesDeps {
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  /** Absent where nobody is shown who is online. */
  readonly presence: Followers | undefined;
}

export interface SyncRequest {
  readonly viewer: Caller;
  readonly filter: Filter;
  readonly since: string | undefined;
  readonly fullState: boolean;
  readonly stateField: StateField;
  /** How long to wait for news; it is up to whoever asks to bound it. */
  readonly timeoutMs: number;
  /** How the client says that its user is; by default, online. */
  readonly setPresence?: PresenceState | undefined;
  /** The answer is not of a request of its own. */
  readonly isPushed?: true;
  /** Aborts when nobody waits for the answer any more, or the server stops. */
  readonly signal: AbortSignal;
}

/** Tells clients what they have not heard yet, and waits with them until there is something. */
export class Sync {
  readonly #deps: SyncDeps;
  readonly #responses: Responses;
  readonly telemetry: SyncTelemetry;
  readonly polls = new OpenPolls();
  /** Of those who are pushed what is new: how many there may be is up to whoever does that. */
  readonly follows = new OpenPolls(Infinity);

  constructor(deps: SyncDeps) {
    this.#deps = deps;
    this.#responses = new Responses(deps);
    this.telemetry = syncTelemetry(deps.metrics, () => this.polls.size + this.follows.size);
  }

  /** The answer as JSON text. M_UNKNOWN_TOKEN when the session ends while it waits. */
  async sync(request: SyncRequest): Promise<JsonText> {
    return (await this.next(request)).text;
  }

  /** As `sync`, with where the next one goes on. */
  async next(request: SyncRequest): Promise<Answer> {
    using _following = this.#deps.presence?.follow(request.viewer, request.setPresence ?? 'online');
    const upTo = this.#responses.settled();
    const since = this.#placeOf(request.since, upTo);
    if (since !== undefined) await this.#responses.acknowledge(request, since);
    if (since === undefined || request.fullState || request.timeoutMs === 0) {
      const news = await this.#news(request, since, upTo);
      this.telemetry.answered(since === undefined, news.text !== undefined);
      return await this.#responses.answer(request, news);
    }
    return await this.#poll(request, since);
  }

  /** Whose keys changed between two answers. M_INVALID_PARAM for what is no token of ours. */
  deviceLists(viewer: Caller, from: string, to: string): Promise<DeviceListNews> {
    const settled = this.#responses.settled();
    const wanted = parseSyncToken(to);
    const upTo = settled.map((position, i) => Math.min(position, wanted[i] ?? position) as Position);
    return this.#responses.deviceLists(viewer, parseSyncToken(from), upTo);
  }

  async #poll(request: SyncRequest, since: Positions): Promise<Answer> {
    const { clock, notifier } = this.#deps;
    const { viewer, signal } = request;
    // Listen first, then read: what is written in between rings.
    using listener = notifier.listen(viewer.userId);
    using poll = (request.isPushed === true ? this.follows : this.polls).open(viewer.tokenId);
    const stop = () => poll.abort(OVER);
    signal.addEventListener('abort', stop, { once: true });
    let told = since;
    let isWaiting = false;
    try {
      for (;;) {
        const upTo = this.#responses.settled();
        const news = await this.#news(request, told, upTo);
        if (poll.signal.reason === SESSION_ENDED) throw new MatrixError('M_UNKNOWN_TOKEN', 'this session has ended');
        if (news.text !== undefined || poll.signal.aborted || signal.aborted) {
          this.telemetry.answered(false, news.text !== undefined);
          return await this.#responses.answer(request, news);
        }
        told = upTo;
        if (!isWaiting) {
          isWaiting = true;
          void clock.sleep(request.timeoutMs, poll.signal).then(stop);
        }
        await listener.next(poll.signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #news(request: SyncRequest, after: Positions | undefined, upTo: Positions): Promise<Told> {
    const { viewer, filter, fullState, stateField } = request;
    const view: View = { viewer, filter, fullState, stateField, after: after?.[0], upTo: upTo[0] ?? (0 as Position) };
    return this.#responses.news(view, after, upTo);
  }

  /** A token that is none of ours, or of a future that never came, is as good as none: the client starts afresh. */
  #placeOf(since: string | undefined, settled: Positions): Positions | undefined {
    if (since === undefined) return undefined;
    const positions = parsedOrNothing(since);
    return positions?.every((position, i) => position <= (settled[i] ?? Infinity)) ? positions : undefined;
  }
}

const parsedOrNothing = (token: string): Positions | undefined => {
  try {
    return parseSyncToken(token);
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
};
