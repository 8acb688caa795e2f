import { MatrixError } from '@holm/spec/errors';
import type { Filter } from '../../core/filters/filter.ts';
import type { Caller } from '../../http/route.ts';
import type { Deadlines } from '../../platform/deadlines.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { Position } from '../../streams/stream.ts';
import type { DeviceListNews } from '../../streams/sync-part.ts';
import { parseSyncToken } from '../../streams/tokens.ts';
import type { Followers } from './followers.sync.ts';
import type { Hearing, LongAnswers } from './long-answers.sync.ts';
import { OpenPolls } from './open-polls.ts';
import { Poll, type PollDeps, type PollWish } from './poll.service.ts';
import { type Answer, Responses, type ResponsesDeps } from './responses.sync.ts';
import type { Summaries } from './summaries.sync.ts';
import { type SyncTelemetry, syncTelemetry } from './telemetry.ts';
import type { Positions, StateField, View } from './view.sync.ts';

export interface SyncDeps extends ResponsesDeps {
  readonly deadlines: Deadlines;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  /** Absent where nobody is shown who is online. */
  readonly presence: Followers | undefined;
}

export interface SyncRequest extends PollWish {
  readonly filter: Filter;
  readonly since: string | undefined;
  readonly fullState: boolean;
  readonly stateField: StateField;
}

/** Tells clients what they have not heard yet, and waits with them until there is something. */
export class Sync {
  readonly #deps: SyncDeps;
  readonly #responses: Responses;
  readonly telemetry: SyncTelemetry;
  readonly polls = new OpenPolls();
  /** Of those who are pushed what is new: how many there may be is up to whoever does that. */
  readonly follows = new OpenPolls(Infinity);
  readonly #pollDeps: ClassicPollDeps;

  constructor(deps: SyncDeps) {
    const { polls, follows } = this;
    this.#deps = deps;
    this.#responses = new Responses(deps);
    this.telemetry = syncTelemetry(deps.metrics, () => polls.size + follows.size);
    this.#pollDeps = { ...deps, polls, follows, responses: this.#responses, telemetry: this.telemetry };
  }

  get summaries(): Summaries {
    return this.#responses.summaries;
  }

  get long(): LongAnswers {
    return this.#responses.long;
  }

  /**
   * The answer, or somebody who waits for it; M_UNKNOWN_TOKEN when the session ends meanwhile. `isGone`: nobody hears the answer
   * any more.
   */
  async begin(request: SyncRequest, isGone = (): boolean => false): Promise<Answer | Poll<Answer>> {
    const upTo = this.#responses.place.now;
    const since = this.#placeOf(request.since, upTo);
    if (since !== undefined && !request.fullState && request.timeoutMs > 0) {
      return new ClassicPoll(this.#pollDeps, request, since);
    }
    using _following = this.#deps.presence?.follow(request.viewer, request.setPresence);
    if (since !== undefined) await this.#responses.acknowledge(request, since);
    const news = await this.#responses.news(viewOf(request, { after: since, upTo, isGone }), since, upTo);
    this.telemetry.answered(since === undefined, news.text !== undefined);
    return await this.#responses.answer(request, news);
  }

  /** Whose keys changed between two answers. M_INVALID_PARAM for what is no token of ours. */
  deviceLists(viewer: Caller, from: string, to: string): Promise<DeviceListNews> {
    const settled = this.#responses.place.now;
    const wanted = parseSyncToken(to);
    const upTo = settled.map((position, i) => Math.min(position, wanted[i] ?? position) as Position);
    return this.#responses.deviceLists(viewer, parseSyncToken(from), upTo);
  }

  /** A token that is none of ours, or of a future that never came, is as good as none: the client starts afresh. */
  #placeOf(since: string | undefined, settled: Positions): Positions | undefined {
    if (since === undefined) return undefined;
    const positions = orNothing(() => this.#responses.place.of(since));
    const isPast = positions === settled || positions?.every((position, i) => position <= (settled[i] ?? Infinity));
    return isPast === true ? positions : undefined;
  }
}

interface ClassicPollDeps extends PollDeps {
  readonly responses: Responses;
  readonly telemetry: SyncTelemetry;
}

/** A client that waits for what is new since a token. */
class ClassicPoll extends Poll<Answer> {
  readonly #deps: ClassicPollDeps;
  readonly #request: SyncRequest;
  /** Up to where there was nothing new. */
  #told: Positions;

  constructor(deps: ClassicPollDeps, request: SyncRequest, since: Positions) {
    super(deps, request);
    this.#deps = deps;
    this.#request = request;
    this.#told = since;
  }

  protected override prepare(): Promise<void> | undefined {
    return this.#deps.responses.acknowledge(this.#request, this.#told);
  }

  protected override async look(isLast: boolean): Promise<Answer | undefined> {
    const { responses, telemetry } = this.#deps;
    const upTo = responses.place.now;
    const view = viewOf(this.#request, { after: this.#told, upTo, isGone: () => this.isGone() });
    const news = await responses.news(view, this.#told, upTo);
    const hasNews = news.text !== undefined;
    this.#told = upTo;
    if (!hasNews && !isLast) return undefined;
    telemetry.answered(false, hasNews);
    return responses.answer(this.#request, news);
  }
}

interface Stretch extends Hearing {
  readonly after: Positions | undefined;
  readonly upTo: Positions;
}

const viewOf = (request: SyncRequest, { after, upTo, isGone }: Stretch): View & Hearing => {
  const { viewer, filter, fullState, stateField } = request;
  return { viewer, filter, fullState, stateField, after: after?.[0], upTo: upTo[0] ?? (0 as Position), isGone };
};

/** Of a token of ours. */
const orNothing = (place: () => Positions): Positions | undefined => {
  try {
    return place();
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
};
