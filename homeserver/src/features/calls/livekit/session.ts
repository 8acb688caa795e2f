import { StreamState, SubscriptionError } from '@livekit/protocol';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { CallGrant, CallMember } from '../tokens.ts';
import type { CloseReason, DataChannel, ParticipantEvents, Person, Speaker } from '../sfu/events.ts';
import type { Participant } from '../sfu/participant.ts';
import type { Subscription } from '../sfu/subscription.ts';
import type { Track } from '../sfu/track.ts';
import { Budget } from './budget.ts';
import { type Encoder, type Outgoing, encoded } from './encoder.ts';
import { farewell } from './farewells.ts';
import { parse } from './frames.ts';
import { type IceServer, joinMessage, reconnectMessage } from './greetings.ts';
import { Messages } from './messages.ts';
import { Publisher } from './publisher.ts';
import { costOf } from './costs.ts';
import { type Refused, type Requester, answerRequest } from './requests.ts';
import { Subscriber } from './subscriber.ts';
import { TIMES } from './times.ts';
import { qualityUpdate } from './translate.ts';

/** A WebSocket, as far as signalling needs one. */
export interface SignalSocket {
  send(message: Uint8Array | string): void;
  close(): void;
  readonly onMessage: (listener: (message: Buffer, isBinary: boolean) => void) => void;
  readonly onClose: (listener: () => void) => void;
}

/** What clients say of themselves when they connect, as far as it matters. */
export interface ClientKind {
  readonly isFirefox: boolean;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly encoder: Encoder;
  readonly maxTracks: number;
  readonly mint: (grant: CallGrant) => string;
  /** Whether they may still be here. */
  readonly admits: (grant: CallGrant) => Promise<boolean>;
  readonly refused: (what: Refused) => void;
  /** Which relays somebody may use. */
  readonly relaysFor: (member: CallMember) => readonly IceServer[];
}

const OFFERS = { burst: 20, perSecond: 5 };
const REQUESTS = { burst: 400, perSecond: 60 };
const MAX_WAITING = 200;
const MIN_SLEEP_MS = 1_000;

/** One client of a call and what it is told, over however many sockets it comes with. */
export class Session implements ParticipantEvents, Requester {
  readonly grant: CallGrant;
  readonly client: ClientKind;
  readonly deps: SessionDeps;
  readonly offers: Budget;
  readonly #requests: Budget;
  readonly #messages: Messages;
  readonly #over = new AbortController();
  /** Who has left while the client was away. */
  readonly #leftMeanwhile: Person[] = [];
  #socket: SignalSocket | undefined;
  #begun:
    { readonly participant: Participant; readonly publisher: Publisher; readonly subscriber: Subscriber } | undefined;
  #work = Promise.resolve();
  #waiting = 0;
  #heardAt = 0;

  constructor(grant: CallGrant, client: ClientKind, deps: SessionDeps) {
    this.grant = grant;
    this.client = client;
    this.deps = deps;
    this.offers = new Budget(deps.clock, OFFERS);
    this.#requests = new Budget(deps.clock, REQUESTS);
    this.#messages = new Messages(deps.clock, () => deps.refused('data'));
  }

  get participant(): Participant {
    return this.#parts.participant;
  }

  get publisher(): Publisher {
    return this.#parts.publisher;
  }

  get subscriber(): Subscriber {
    return this.#parts.subscriber;
  }

  get #parts() {
    if (!this.#begun) throw new Error('this session has not begun');
    return this.#begun;
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Greets a client that has come into the call. */
  begin(participant: Participant, socket: SignalSocket): void {
    this.#begun = {
      participant,
      publisher: new Publisher(participant, this.deps.maxTracks),
      subscriber: new Subscriber({
        participant,
        namesTogether: this.client.isFirefox,
        send: (offer) =>
          this.send({ case: 'offer', value: { type: 'offer', ...offer, midToTrackId: offer.midToTrackId } }),
      }),
    };
    this.#attach(socket);
    this.send(joinMessage(participant, this.deps.relaysFor(this.grant.member)));
    participant.changed();
    this.inOrder(async () => {
      await participant.subscribeToAll();
      this.subscriber.begin();
    });
    this.#inBackground('refresh the token of a call', () => this.#refresh());
    this.#inBackground('watch a call', () => this.#watch());
  }

  /** Goes on with another socket. */
  resume(socket: SignalSocket): void {
    const before = this.#socket;
    this.#attach(socket);
    before?.close();
    const { participant } = this;
    this.send(reconnectMessage(this.deps.relaysFor(this.grant.member)));
    for (const left of this.#leftMeanwhile.splice(0)) this.#sendBytes(this.deps.encoder.participant(left));
    for (const other of participant.room.participants.values()) this.#sendBytes(this.deps.encoder.participant(other));
    for (const { cid, track } of this.publisher.expected) this.send({ case: 'trackPublished', value: { cid, track } });
    this.inOrder(() => this.subscriber.restart());
  }

  #attach(socket: SignalSocket): void {
    this.#socket = socket;
    this.#heardAt = this.deps.clock.now();
    socket.onMessage((message, isBinary) => {
      if (this.#socket === socket) this.#heard(message, isBinary);
    });
    socket.onClose(() => this.#detach(socket));
  }

  #detach(socket: SignalSocket): void {
    if (this.#socket !== socket || this.isOver) return;
    this.#socket = undefined;
    this.#inBackground('wait for a client to come back', () => this.#waitForReturn());
  }

  #heard(message: Buffer, isBinary: boolean): void {
    this.#heardAt = this.deps.clock.now();
    if (!this.#requests.take()) return this.refuse('messages');
    const request = parse(message, isBinary);
    if (!request) this.refuse('frame');
    else if (this.#requests.take(costOf(request))) this.inOrder(() => answerRequest(this, request));
    else this.refuse('messages');
  }

  /** One thing after the other, as they came. */
  inOrder(work: () => Promise<void> | void): void {
    if (this.#waiting >= MAX_WAITING) return this.refuse('messages');
    this.#waiting += 1;
    this.#work = this.#work
      .then(() => (this.isOver ? undefined : work()))
      .catch((err: unknown) => this.#failed(err))
      .finally(() => (this.#waiting -= 1));
  }

  #failed(err: unknown): void {
    if (this.isOver || this.participant.isClosed) return;
    // Mostly offers that contradict themselves. Whoever means well begins anew; the others are kept from doing so often.
    this.deps.log.warn('a request in a call failed', { err });
    this.deps.refused('failed');
    this.participant.close('media lost');
  }

  /** Ends the session of a client that asks for what no client should. */
  refuse(what: Refused): void {
    if (this.isOver) return;
    this.deps.log.info('a client of a call was sent away', { what, user: this.grant.member.userId });
    this.deps.refused(what);
    this.participant.close('abuse');
  }

  send(message: Outgoing): void {
    this.#sendBytes(encoded(message));
  }

  #sendBytes(bytes: Uint8Array): void {
    this.#socket?.send(bytes);
  }

  #inBackground(name: string, work: () => Promise<void>): void {
    this.participant.room.inBackground(name, work, () => this.isOver);
  }

  async #refresh(): Promise<void> {
    const { clock, mint, admits } = this.deps;
    for (;;) {
      await clock.sleep(TIMES.tokenRefreshMs, this.#over.signal);
      if (this.isOver) return;
      if (!(await admits(this.grant))) {
        this.participant.close('removed');
        return;
      }
      this.send({ case: 'refreshToken', value: mint(this.grant) });
    }
  }

  /** A socket on which nothing comes is dead, whatever the network says. */
  async #watch(): Promise<void> {
    const timeoutMs = TIMES.pingTimeoutSeconds * 1_000;
    for (;;) {
      const leftMs = this.#heardAt + timeoutMs - this.deps.clock.now();
      await this.deps.clock.sleep(Math.min(timeoutMs, Math.max(MIN_SLEEP_MS, leftMs)), this.#over.signal);
      if (this.isOver) return;
      const socket = this.#socket;
      if (!socket || this.deps.clock.now() - this.#heardAt < timeoutMs) continue;
      // Whether it ever closes may take the network minutes to find out.
      this.#detach(socket);
      socket.close();
    }
  }

  async #waitForReturn(): Promise<void> {
    const lostAt = this.#heardAt;
    await this.deps.clock.sleep(TIMES.resumeMs, this.#over.signal);
    if (!this.isOver && !this.#socket && this.#heardAt === lostAt) this.participant.close('lost');
  }

  participantChanged(who: Person): void {
    this.#sendBytes(this.deps.encoder.participant(who));
  }

  participantLeft(who: Person): void {
    if (this.#socket) this.#sendBytes(this.deps.encoder.participant(who));
    else this.#leftMeanwhile.push(who);
  }

  subscribed(subscription: Subscription): void {
    this.subscriber.add(subscription);
  }

  unsubscribed(subscription: Subscription): void {
    this.subscriber.remove(subscription);
  }

  flowing({ track }: Subscription, isFlowing: boolean): void {
    const state = isFlowing ? StreamState.ACTIVE : StreamState.PAUSED;
    const streamStates = [{ participantSid: track.owner.id, trackSid: track.id, state }];
    this.send({ case: 'streamStateUpdate', value: { streamStates } });
  }

  sentTooMuch(): void {
    this.refuse('bitrate');
  }

  overloaded(track: Track): void {
    this.deps.refused('streams');
    const value = { trackSid: track.id, err: SubscriptionError.SE_UNKNOWN };
    this.send({ case: 'subscriptionResponse', value });
  }

  layersWanted(track: Track, highest: number): void {
    this.send({ case: 'subscribedQualityUpdate', value: qualityUpdate(track, highest) });
  }

  speakersChanged(speakers: readonly Speaker[]): void {
    this.#sendBytes(this.deps.encoder.speakers(speakers));
  }

  dataSent(channel: DataChannel, message: Buffer): void {
    if (this.grant.canPublish) this.#messages.pass(this.participant, channel, message);
  }

  closed(reason: CloseReason): void {
    this.#over.abort();
    this.send(farewell(reason));
    this.#socket?.close();
  }
}
