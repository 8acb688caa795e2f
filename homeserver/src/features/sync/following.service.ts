import { sync as syncEndpoint } from '@holm/spec/client-server/sync';
import type { Dialect } from '@holm/spec/extensions/websocket-wire';
import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import type { Json } from '@holm/spec/json';
import { parseJson } from '../../http/body.ts';
import { checker } from '../../http/parse.ts';
import type { Caller } from '../../http/route.ts';
import type { Filters } from '../filters/index.ts';
import type { Answer } from './responses.sync.ts';
import type { SlidingRequest } from './sliding/request.ts';
import type { SlidingAnswer, SlidingSync } from './sliding/sliding.service.ts';
import { readStable, writeStable } from './sliding/stable.codec.ts';
import { readUnstable, writeUnstable } from './sliding/unstable.codec.ts';
import type { Sync } from './sync.service.ts';
import { stateFieldOf } from './view.sync.ts';

interface FollowingDeps {
  readonly sync: Sync;
  readonly sliding: SlidingSync;
  readonly filters: Filters;
}

/** What somebody wants to follow: the parameters of a sync that are the same in each of its requests. */
export interface FollowWish {
  readonly dialect: Dialect;
  readonly query: unknown;
  readonly bodyText: string;
}

interface Going {
  readonly isPushed: true;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The answer of the sync that goes on from `pos`, once there is something to tell. */
export type NextAnswer = (pos: string | undefined, going: Going) => Promise<Answer>;

const checkQuery = checker(syncEndpoint.query, 'M_INVALID_PARAM');
const checkStable = checker(slidingSync.body, 'M_INVALID_PARAM');
const checkUnstableQuery = checker(slidingSyncUnstable.query, 'M_INVALID_PARAM');
const checkUnstable = checker(slidingSyncUnstable.body, 'M_INVALID_PARAM');

/** Syncs for those who ask once and are told again and again, with the checks that requests have. */
export class Following {
  readonly #deps: FollowingDeps;

  constructor(deps: FollowingDeps) {
    this.#deps = deps;
  }

  /** M_INVALID_PARAM and such for what a request would be refused for. */
  async begin(viewer: Caller, { dialect, query, bodyText }: FollowWish): Promise<NextAnswer> {
    if (dialect === 'v3') return this.#classic(viewer, query);
    return dialect === 'v4' ? this.#stable(viewer, bodyText) : this.#unstable(viewer, query, bodyText);
  }

  async #classic(viewer: Caller, given: unknown): Promise<NextAnswer> {
    const query = checkQuery(given ?? {});
    const filter = await this.#deps.filters.resolve(viewer.userId, query.filter);
    const stateField = stateFieldOf(query);
    let fullState = query.full_state ?? false;
    return (since, going) => {
      const setPresence = query.set_presence;
      const request = { viewer, filter, since, fullState, stateField, setPresence, ...going };
      fullState = false;
      return this.#deps.sync.next(request);
    };
  }

  #stable(viewer: Caller, bodyText: string): NextAnswer {
    const body = checkStable(jsonIn(bodyText));
    const next = this.#slide((signal) => readStable(viewer, body, signal));
    return async (pos, going) => {
      const answer = await next(pos, going);
      return { pos: answer.pos, text: writeStable(answer) };
    };
  }

  #unstable(viewer: Caller, given: unknown, bodyText: string): NextAnswer {
    const query = checkUnstableQuery(given ?? {});
    const body = checkUnstable(jsonIn(bodyText));
    const next = this.#slide((signal) => readUnstable({ viewer, query, body, signal }));
    return async (pos, going) => {
      const answer = await next(pos, going);
      return { pos: answer.pos, text: writeUnstable(answer, body.txn_id) };
    };
  }

  /** A request says by itself how far messages to the device have come: here that moves on with each answer. */
  #slide(read: (signal: AbortSignal) => SlidingRequest) {
    let come: string | undefined;
    return async (pos: string | undefined, going: Going): Promise<SlidingAnswer> => {
      const request = read(going.signal);
      const { toDevice } = request.extensions;
      const extensions = {
        ...request.extensions,
        toDevice: toDevice && { ...toDevice, since: come ?? toDevice.since },
      };
      const answer = await this.#deps.sliding.sync({ ...request, ...going, extensions, pos });
      come = answer.extensions.toDevice?.nextBatch;
      return answer;
    };
  }
}

const jsonIn = (text: string): Json => (text === '' ? {} : parseJson(Buffer.from(text)).value);
