import { MatrixError } from '@holm/spec/errors';
import { type Soon, soon } from '../../../platform/soon.ts';
import type { Position } from '../../../streams/stream.ts';
import { readSlidingToken, slidingToken } from '../../../streams/tokens.ts';
import { Poll, type PollDeps } from '../poll.service.ts';
import type { SyncTelemetry } from '../telemetry.ts';
import type { Answer, Answers, Draft } from './answers.sync.ts';
import type { Base, Positions } from './told-rooms.ts';
import type { Connection } from './connection.ts';
import type { SlidingConnections } from './sliding-connections.service.ts';
import type { ExtensionParts } from './extensions.sync.ts';
import type { SlidingRequest } from './request.ts';

export interface SlidingSyncDeps extends PollDeps {
  readonly connections: SlidingConnections;
  readonly answers: Answers;
  readonly extensions: ExtensionParts;
  readonly telemetry: SyncTelemetry;
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
  readonly #polls = new WeakMap<Connection, SlidingPoll>();

  readonly #pollDeps: SlidingPollDeps;

  constructor(deps: SlidingSyncDeps) {
    this.#deps = deps;
    this.#pollDeps = { ...deps, isLatest: (poll, connection) => this.#polls.get(connection) === poll };
  }

  /**
   * Who waits for the answer. M_UNKNOWN_POS where the client has to start afresh; M_UNKNOWN_TOKEN when the session ends
   * meanwhile.
   */
  async begin(request: SlidingRequest): Promise<SlidingPoll> {
    const base = await this.#base(request);
    await this.#deps.extensions.acknowledge(request.viewer, request.extensions);
    const poll = new SlidingPoll(this.#pollDeps, request, base);
    this.#polls.get(base.connection)?.end('over');
    this.#polls.set(base.connection, poll);
    return poll;
  }

  #base({ viewer, connId, pos }: SlidingRequest): Soon<Base> {
    const { connections, settled } = this.#deps;
    if (pos === undefined) return { connection: connections.start(viewer, connId), after: undefined };
    const place = readSlidingToken(pos);
    if (!place?.positions.every(isWithin(settled()))) throw unknownPos();
    return soon(connections.find(viewer, connId), (connection) => {
      const after = connection?.epoch === place.epoch ? connection.goOnFrom(place.gen, place.positions) : undefined;
      if (!connection || !after) throw unknownPos();
      return { connection, after };
    });
  }
}

const unknownPos = (): MatrixError =>
  new MatrixError('M_UNKNOWN_POS', 'this position is not known any more: start afresh');

interface SlidingPollDeps extends SlidingSyncDeps {
  /** Whether a poll is still the one that its connection's client waits for. */
  readonly isLatest: (poll: SlidingPoll, connection: Connection) => boolean;
}

/** A client of sliding sync that waits. */
export class SlidingPoll extends Poll<SlidingAnswer> {
  readonly #deps: SlidingPollDeps;
  readonly #request: SlidingRequest;
  readonly #base: Base;

  constructor(deps: SlidingPollDeps, request: SlidingRequest, base: Base) {
    super(deps, request);
    this.#deps = deps;
    this.#request = request;
    this.#base = base;
  }

  protected override async look(isLast: boolean): Promise<SlidingAnswer | undefined> {
    const { answers, settled, isLatest } = this.#deps;
    const { connection, after } = this.#base;
    const { pos, timeoutMs } = this.#request;
    const [request, base, upTo] = [this.#request, this.#base, settled()] as const;
    const mayWait = after !== undefined && timeoutMs > 0 && !isLast;
    const draft = await (mayWait ? answers.news(request, base, upTo) : answers.draft(request, base, upTo));
    if (!draft) return undefined;
    // A newer request of the connection has taken over: nobody reads this answer.
    if (!isLatest(this, connection) && pos !== undefined) return { ...NOTHING, pos };
    return this.#send(draft);
  }

  #send(draft: Draft): SlidingAnswer {
    const { viewer, connId } = this.#request;
    const { connection, after } = this.#base;
    const { connections, telemetry } = this.#deps;
    telemetry.answered(after === undefined, draft.isNews);
    const { reached, told, scopes, members, answer } = draft;
    const { epoch } = connection;
    const isSame = told.size + members.size === 0 && scopes === connection.scopes;
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
