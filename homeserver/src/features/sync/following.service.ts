import { sync as syncEndpoint } from '@holm/spec/client-server/sync';
import type { Dialect } from '@holm/spec/extensions/websocket-wire';
import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { isObject, type Json } from '@holm/spec/json';
import { jsonIn } from '../../http/body.ts';
import type { Waiting } from '../../http/later.ts';
import { checker, lenientChecker } from '../../http/parse.ts';
import type { Caller } from '../../http/route.ts';
import type { Filters } from '../filters/index.ts';
import { Poll } from './poll.service.ts';
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

/** What is pushed to a client from one update to the next. */
export interface Update {
  readonly pos: string;
  readonly text: string;
}

interface Going {
  readonly isPushed: true;
  readonly timeoutMs: number;
}

/**
 * Begins the sync that goes on from `pos`; what it gives back waits for what there is to tell. `isGone`: nobody follows any more.
 */
export type NextUpdate = (pos: string | undefined, going: Going, isGone: () => boolean) => Promise<Waiting<Update>>;

const checkQuery = checker(syncEndpoint.query, 'M_INVALID_PARAM');
const checkStable = lenientChecker(slidingSync.body, 'M_INVALID_PARAM');
const checkUnstableQuery = checker(slidingSyncUnstable.query, 'M_INVALID_PARAM');
const checkUnstable = lenientChecker(slidingSyncUnstable.body, 'M_INVALID_PARAM');

/** Syncs for those who ask once and are told again and again, with the checks that requests have. */
export class Following {
  readonly #deps: FollowingDeps;

  constructor(deps: FollowingDeps) {
    this.#deps = deps;
  }

  /** M_INVALID_PARAM and such for what a request would be refused for. */
  async begin(viewer: Caller, { dialect, query, bodyText }: FollowWish): Promise<NextUpdate> {
    if (dialect === 'v3') return this.#classic(viewer, query);
    return dialect === 'v4' ? this.#stable(viewer, bodyText) : this.#unstable(viewer, query, bodyText);
  }

  async #classic(viewer: Caller, given: unknown): Promise<NextUpdate> {
    const query = checkQuery(lasting(given ?? {}));
    const { set_presence: setPresence } = query;
    const filter = await this.#deps.filters.resolve(viewer.userId, query.filter);
    const stateField = stateFieldOf(query);
    let fullState = query.full_state ?? false;
    return async (since, going, isGone) => {
      const request = { viewer, filter, since, fullState, stateField, setPresence, ...going };
      fullState = false;
      const begun = await this.#deps.sync.begin(request, isGone);
      return begun instanceof Poll ? begun : new AtOnce(begun);
    };
  }

  #stable(viewer: Caller, bodyText: string): NextUpdate {
    const body = checkStable(lasting(bodyIn(bodyText)));
    const request = readStable(viewer, body);
    return this.#slide(request, writeStable);
  }

  #unstable(viewer: Caller, given: unknown, bodyText: string): NextUpdate {
    const query = checkUnstableQuery(lasting(given ?? {}));
    const body = checkUnstable(lasting(bodyIn(bodyText)));
    const request = readUnstable({ viewer, query, body });
    return this.#slide(request, writeUnstable);
  }

  /** A request says by itself how far messages to the device have come: here that moves on with each answer. */
  #slide(request: SlidingRequest, write: (answer: SlidingAnswer) => string): NextUpdate {
    const { toDevice } = request.extensions;
    let come: string | undefined;
    const toUpdate = (answer: SlidingAnswer): Update => {
      come = answer.extensions.toDevice?.nextBatch;
      return { pos: answer.pos, text: write(answer) };
    };
    return async (pos, going) => {
      const extensions = {
        ...request.extensions,
        toDevice: toDevice && { ...toDevice, since: come ?? toDevice.since },
      };
      const poll = await this.#deps.sliding.begin({ ...request, ...going, extensions, pos });
      return {
        wait: (ready) => poll.wait((answer) => ready(answer.then(toUpdate))),
        hurry: () => poll.hurry(),
        abandon: () => poll.abandon(),
      };
    };
  }
}

/** An answer for which nobody had to wait. */
class AtOnce implements Waiting<Update> {
  readonly #answer: Update;

  constructor(answer: Update) {
    this.#answer = answer;
  }

  wait(ready: (answer: Promise<Update>) => void): void {
    ready(Promise.resolve(this.#answer));
  }

  hurry(): void {
    // It has come.
  }

  abandon(): void {
    // It has come.
  }
}

/** Without what is another in each request of a sync: the follow says it in its own way. */
const lasting = (parameters: unknown): unknown => {
  if (!isObject(parameters)) return parameters;
  const { since: _since, pos: _pos, timeout: _timeout, ...rest } = parameters;
  return rest;
};

const bodyIn = (text: string): Json => (text === '' ? {} : jsonIn(text));
