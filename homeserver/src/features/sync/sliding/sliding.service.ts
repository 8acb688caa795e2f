import { MatrixError } from '@holm/spec/errors';
import type { Clock } from '../../../platform/clock.ts';
import type { Notifier } from '../../../streams/notifier.ts';
import type { Position } from '../../../streams/stream.ts';
import { readSlidingToken, slidingToken } from '../../../streams/tokens.ts';
import type { Followers } from '../followers.sync.ts';
import { type OpenPolls, OVER, SESSION_ENDED } from '../open-polls.ts';
import type { SyncTelemetry } from '../telemetry.ts';
import type { Answer, Answers, Draft } from './answers.sync.ts';
import type { Base, Positions } from './told-rooms.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.service.ts';
import type { ExtensionParts } from './extensions.sync.ts';
import type { SlidingRequest } from './request.ts';

export interface SlidingSyncDeps {
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly connections: Connections;
  readonly answers: Answers;
  readonly extensions: ExtensionParts;
  readonly polls: OpenPolls;
  readonly follows: OpenPolls;
  readonly telemetry: SyncTelemetry;
  readonly presence: Followers | undefined;
  /** How far everybody may look at this moment. */
  readonly settled: () => Positions;
}

export interface SlidingAnswer extends Answer {
  readonly pos: string;
}

const NOTHING: Answer = { lists: new Map(), rooms: new Map(), extensions: {} };

/** Tells clients of the rooms that they ask for, and waits with them until there is something to tell. */
export class SlidingSync {
  readonly #deps: SlidingSyncDeps;
  /** The poll of each connection: a client has one request at a time. */
  readonly #polls = new WeakMap<Connection, AbortController>();

  constructor(deps: SlidingSyncDeps) {
    this.#deps = deps;
  }

  /** M_UNKNOWN_POS where the client has to start afresh; M_UNKNOWN_TOKEN when the session ends while it waits. */
  async sync(request: SlidingRequest): Promise<SlidingAnswer> {
    const base = await this.#base(request);
    await this.#deps.extensions.acknowledge(request.viewer, request.extensions);
    using _following = this.#deps.presence?.follow(request.viewer, request.setPresence ?? 'online');
    return await this.#poll(request, base);
  }

  async #base({ viewer, connId, pos }: SlidingRequest): Promise<Base> {
    const { connections, settled } = this.#deps;
    if (pos === undefined) return { connection: connections.start(viewer, connId), after: undefined };
    const place = readSlidingToken(pos);
    if (place?.positions.every(isWithin(settled()))) {
      const connection = await connections.find(viewer, connId);
      const after = connection?.epoch === place.epoch ? connection.goOnFrom(place.gen, place.positions) : undefined;
      if (connection && after) return { connection, after };
    }
    throw new MatrixError('M_UNKNOWN_POS', 'this position is not known any more: start afresh');
  }

  async #poll(request: SlidingRequest, base: Base): Promise<SlidingAnswer> {
    const { clock, notifier } = this.#deps;
    const { viewer, signal } = request;
    // Listen first, then read: what is written in between rings.
    using listener = notifier.listen(viewer.userId);
    using poll = this.#open(request);
    this.#polls.get(base.connection)?.abort(OVER);
    this.#polls.set(base.connection, poll);
    const stop = () => poll.abort(OVER);
    signal.addEventListener('abort', stop, { once: true });
    const isPatient = base.after !== undefined && request.timeoutMs > 0;
    let isWaiting = false;
    try {
      for (;;) {
        const draft = await this.#deps.answers.draft(request, base, this.#deps.settled());
        if (poll.signal.reason === SESSION_ENDED) throw new MatrixError('M_UNKNOWN_TOKEN', 'this session has ended');
        const isOver = poll.signal.aborted || signal.aborted;
        if (draft.isNews || !isPatient || isOver) return this.#end(request, base, { draft, poll });
        if (!isWaiting) void clock.sleep(request.timeoutMs, poll.signal).then(stop);
        isWaiting = true;
        await listener.next(poll.signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #open({ viewer, isPushed }: SlidingRequest): AbortController & Disposable {
    const { polls, follows } = this.#deps;
    return (isPushed === true ? follows : polls).open(viewer.tokenId);
  }

  #end(
    request: SlidingRequest,
    base: Base,
    { draft, poll }: { readonly draft: Draft; readonly poll: AbortController },
  ): SlidingAnswer {
    // A newer request of the connection has taken over: nobody reads this answer.
    const isLate = this.#polls.get(base.connection) !== poll;
    if (isLate && request.pos !== undefined) return { ...NOTHING, pos: request.pos };
    return this.#send(request, base, draft);
  }

  #send({ viewer, connId }: SlidingRequest, { connection, after }: Base, draft: Draft): SlidingAnswer {
    const { connections, telemetry } = this.#deps;
    telemetry.answered(after === undefined, draft.isNews);
    const { reached, told, scopes, members, answer } = draft;
    const { epoch } = connection;
    const isSame = told.size + members.size === 0 && JSON.stringify(scopes) === JSON.stringify(connection.scopes);
    // Where the connection has learnt nothing but positions, which the token holds, nothing need be written down.
    const gen = after !== undefined && isSame ? connection.gen : connection.send(told, scopes, members);
    if (gen === connection.gen) connections.used(viewer, connId, connection);
    else connections.changed(viewer, connId, connection);
    draft.settle(gen);
    return { ...answer, pos: slidingToken({ epoch, gen, positions: reached }) };
  }
}

/** A database that has been restored is older than what clients know. */
const isWithin =
  (settled: Positions) =>
  (position: Position, i: number): boolean =>
    position <= (settled[i] ?? Infinity);
