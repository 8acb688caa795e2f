import { MatrixError } from '@holm/spec/errors';
import { HungUpError } from '../../../http/body.ts';
import type { Position } from '../../../streams/stream.ts';
import { readSlidingToken, slidingToken } from '../../../streams/tokens.ts';
import { Poll, type PollDeps } from '../poll.service.ts';
import type { SyncTelemetry } from '../telemetry.ts';
import type { Answer, Answers, Draft } from './answers.sync.ts';
import type { Base, Positions } from './told-rooms.ts';
import { type ConnectionKey, connectionKey } from './connection-key.ts';
import { LatestPolls } from './latest-polls.ts';
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
  readonly #deps: SlidingPollDeps;

  constructor(deps: SlidingSyncDeps) {
    this.#deps = { ...deps, latest: new LatestPolls() };
  }

  /**
   * Who waits for the answer. M_UNKNOWN_POS where the client has to start afresh; M_UNKNOWN_TOKEN when the session ends
   * meanwhile.
   */
  async begin(request: SlidingRequest): Promise<SlidingPoll> {
    const { connections, settled } = this.#deps;
    const { pos } = request;
    const key = connectionKey(request.viewer, request.connId);
    if (pos === undefined) return this.#begun(request, key, { connection: connections.start(key), after: undefined });
    const place = readSlidingToken(pos);
    if (!place?.positions.every(isWithin(settled()))) throw unknownPos();
    return connections.find(key, (connection) => {
      const after = connection?.epoch === place.epoch ? connection.goOnFrom(place.gen, place.positions) : undefined;
      if (!connection || !after) throw unknownPos();
      return this.#begun(request, key, { connection, after });
    });
  }

  /** In the same breath in which its connection becomes, or is seen to be, the one of that name. */
  #begun(request: SlidingRequest, key: ConnectionKey, base: Base): SlidingPoll {
    const poll = new SlidingPoll(this.#deps, request, { ...base, key });
    this.#deps.latest.add(key.name, poll);
    return poll;
  }
}

const unknownPos = (): MatrixError =>
  new MatrixError('M_UNKNOWN_POS', 'this position is not known any more: start afresh');

const takenOver = (): MatrixError =>
  new MatrixError('M_BAD_STATE', 'another request or follow goes on with this connection', { status: 409 });

interface SlidingPollDeps extends SlidingSyncDeps {
  readonly latest: LatestPolls<SlidingPoll>;
}

interface KeyedBase extends Base {
  readonly key: ConnectionKey;
}

/** A client of sliding sync that waits. */
export class SlidingPoll extends Poll<SlidingAnswer> {
  readonly #deps: SlidingPollDeps;
  readonly #request: SlidingRequest;
  readonly #base: KeyedBase;

  constructor(deps: SlidingPollDeps, request: SlidingRequest, base: KeyedBase) {
    super(deps, request);
    this.#deps = deps;
    this.#request = request;
    this.#base = base;
  }

  protected override prepare(): Promise<void> | undefined {
    return this.#deps.extensions.acknowledge(this.#request.viewer, this.#request.extensions);
  }

  protected override over(): void {
    this.#deps.latest.delete(this.#base.key.name, this);
  }

  protected override async look(isLast: boolean): Promise<SlidingAnswer | undefined> {
    try {
      const draft = await this.#draft(isLast);
      if (!draft) return undefined;
      return this.#isLatest ? this.#send(draft) : this.#nothing();
    } catch (error) {
      const isLeftOut = error instanceof HungUpError && !this.#isLatest && !this.isGone();
      if (isLeftOut) return this.#nothing();
      throw error;
    }
  }

  #draft(isLast: boolean): Promise<Draft | undefined> {
    const { answers, settled } = this.#deps;
    const { after } = this.#base;
    const { timeoutMs } = this.#request;
    const [request, upTo] = [this.#request, settled()];
    const base = { ...this.#base, isGone: () => this.isGone() || !this.#isLatest };
    const mayWait = after !== undefined && timeoutMs > 0 && !isLast;
    return mayWait ? answers.news(request, base, upTo) : answers.draft(request, base, upTo);
  }

  get #isLatest(): boolean {
    return this.#deps.latest.has(this.#base.key.name, this);
  }

  /** A newer request has taken over, maybe with a new connection: nobody reads this answer, and nothing is to come of it. */
  #nothing(): SlidingAnswer {
    const { pos, isPushed } = this.#request;
    // Whoever is pushed what is new would ask again at once, and take over in turn.
    if (isPushed === true) throw takenOver();
    if (pos === undefined) throw unknownPos();
    return { ...NOTHING, pos };
  }

  #send(draft: Draft): SlidingAnswer {
    const { connection, after, key } = this.#base;
    const { connections, telemetry } = this.#deps;
    telemetry.answered(after === undefined, draft.isNews);
    const { reached, told, scopes, members, answer } = draft;
    const { epoch } = connection;
    const isSame = told.size + members.size === 0 && scopes === connection.scopes;
    // Where the connection has learnt nothing but positions, which the token holds, nothing need be written down.
    const gen = after !== undefined && isSame ? connection.gen : connection.send(told, scopes, members);
    if (gen === connection.gen) connections.used(key, connection);
    else connections.changed(key, connection);
    draft.settle(gen);
    return { ...answer, pos: slidingToken({ epoch, gen, positions: reached }) };
  }
}

/** A database that has been restored is older than what clients know. */
const isWithin =
  (settled: Positions) =>
  (position: Position, i: number): boolean =>
    position <= (settled[i] ?? Infinity);
