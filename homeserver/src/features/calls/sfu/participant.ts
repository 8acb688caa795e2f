import type { Consumer, DataConsumer, Producer, RtpParameters, WebRtcTransport } from 'mediasoup/types';
import type { Branch } from './branch.ts';
import { sendMessage } from './data-channels.ts';
import type { CloseReason, DataChannel, ParticipantEvents, Person } from './events.ts';
import { Subscription } from './subscription.ts';
import { Track, type TrackDescription } from './track.ts';

/** The call that a participant is in. */
export interface Call {
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly participants: ReadonlyMap<string, Participant>;
  others(of: Participant): Participant[];
  findTrack(trackId: string): Track | undefined;
  newTrackId(description: TrackDescription): string;
  tell(what: (events: ParticipantEvents) => void): void;
  /** Everybody else who wants everything is sent a track that has begun to come. */
  offer(track: Track): void;
  /** Tells the owner of a video which layers of it anybody wants. */
  weighWishes(track: Track): void;
  /** Passes a message on. */
  relay(to: readonly Participant[], channel: DataChannel, message: Buffer): void;
  left(participant: Participant): void;
  /** Runs what nobody waits for. What fails because something was closed meanwhile has not failed. */
  inBackground(name: string, work: () => Promise<unknown>, isOver: () => boolean): void;
}

export interface Arrival {
  /** Under which the others know them; one who comes with it again replaces the one who was there. */
  readonly identity: string;
  readonly permissions: Person['permissions'];
  /** They want everything that is sent, without asking for each. */
  readonly autoSubscribe: boolean;
  readonly events: ParticipantEvents;
}

/** To whom somebody lets which of their tracks be sent. */
export type Audience = (other: Pick<Person, 'id' | 'identity'>, track: Track) => boolean;

interface ParticipantParts {
  /** New with every arrival. */
  readonly id: string;
  readonly joinedAt: number;
  readonly room: Call;
  readonly branch: Branch;
  readonly upstream: WebRtcTransport;
  readonly downstream: WebRtcTransport;
}

/** Somebody in a call: what they send, what they are sent, and two connections for the two. */
export class Participant implements Person {
  readonly id: string;
  readonly identity: string;
  readonly joinedAt: number;
  readonly permissions: Person['permissions'];
  readonly #autoSubscribe: boolean;
  readonly events: ParticipantEvents;
  readonly room: Call;
  /** The part of the call on the worker with which they are connected. */
  readonly branch: Branch;
  /** From them to us. */
  readonly upstream: WebRtcTransport;
  /** From us to them. */
  readonly downstream: WebRtcTransport;
  readonly tracks = new Map<string, Track>();
  readonly subscriptions = new Map<string, Subscription>();
  #audience: Audience | undefined;
  #wantsAll = false;
  #isActive = false;
  #closed: CloseReason | undefined;
  #version = 0;
  #channels: Readonly<Record<DataChannel, DataConsumer>> | undefined;

  constructor({ identity, permissions, autoSubscribe, events }: Arrival, parts: ParticipantParts) {
    this.identity = identity;
    this.permissions = permissions;
    this.#autoSubscribe = autoSubscribe;
    this.events = events;
    this.id = parts.id;
    this.joinedAt = parts.joinedAt;
    this.room = parts.room;
    this.branch = parts.branch;
    this.upstream = parts.upstream;
    this.downstream = parts.downstream;
    this.downstream.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#activate();
    });
    this.downstream.on('sctpstatechange', (state) => {
      if (state === 'connected') {
        const isOver = () => this.isClosed;
        this.room.inBackground('open data channels', () => this.#openChannels(), isOver);
      }
    });
  }

  /** They are to be sent whatever begins to come. */
  get wantsAll(): boolean {
    return this.#wantsAll;
  }

  /** Media can reach them. */
  get isActive(): boolean {
    return this.#isActive;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  get closeReason(): CloseReason | undefined {
    return this.#closed;
  }

  /** Grows whenever others would see something new. */
  get version(): number {
    return this.#version;
  }

  /** Tells the others that this participant is not as they were. */
  changed(): void {
    if (this.isClosed) return;
    this.#version += 1;
    this.room.tell((events) => events.participantChanged(this));
  }

  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.changed();
  }

  async #openChannels(): Promise<void> {
    if (!this.isClosed && !this.#channels) this.#channels = await this.branch.data.speakTo(this.downstream);
  }

  /** Hears what they send over data channels, once they have a connection for it. */
  listen(): Promise<void> {
    return this.branch.data.listen(this.upstream, (channel, message) => this.events.dataSent(channel, message));
  }

  /** Says what is about to be sent. The others learn of it when it comes. */
  announce(description: TrackDescription, isMuted: boolean): Track {
    const track = new Track(this.room.newTrackId(description), this, { description, isMuted });
    this.tracks.set(track.id, track);
    return track;
  }

  /** The media of a track that was announced begins to come. */
  async publish(track: Track, rtpParameters: RtpParameters): Promise<void> {
    const producer = await track.produce(rtpParameters);
    if (this.isClosed || !this.tracks.has(track.id)) {
      track.close();
      return;
    }
    await this.branch.speakers.follow(this, producer);
    this.changed();
    this.room.offer(track);
  }

  unpublish(track: Track): void {
    if (!this.tracks.delete(track.id)) return;
    this.#endTrack(track);
    this.changed();
  }

  #endTrack(track: Track): void {
    for (const subscription of track.takers) subscription.subscriber.unsubscribe(track.id);
    track.close();
  }

  async setMuted(track: Track, isMuted: boolean): Promise<void> {
    if (track.isMuted === isMuted) return;
    await track.setMuted(isMuted);
    this.changed();
  }

  /** Says who may be sent what; without a rule, everybody everything. */
  restrict(mayHave: Audience | undefined): void {
    const before = this.#audience;
    this.#audience = mayHave;
    for (const track of this.tracks.values()) {
      for (const { subscriber } of track.takers) {
        if (!this.lets(subscriber, track)) subscriber.unsubscribe(track.id);
      }
      if (before) this.room.offer(track);
    }
  }

  lets(other: Pick<Person, 'id' | 'identity'>, track: Track): boolean {
    return this.#audience?.(other, track) ?? true;
  }

  /** Begins to send them what there is already, if they want everything. */
  async subscribeToAll(): Promise<void> {
    if (!this.#autoSubscribe) return;
    this.#wantsAll = true;
    const tracks = this.room.others(this).flatMap((other) => [...other.tracks.values()]);
    await Promise.all(tracks.map((track) => this.subscribe(track)));
  }

  /** Begins to send them a track of somebody else, if it is there and not sent yet. */
  async subscribe(track: Track): Promise<void> {
    const { producer } = track;
    const isVain = (): boolean => producer?.closed !== false || this.isClosed || this.subscriptions.has(track.id);
    if (!producer || isVain()) return;
    const owner = this.room.participants.get(track.owner.identity);
    if (owner && !owner.lets(this, track)) return;
    if (this.branch.media.isOverloaded()) {
      this.events.overloaded(track);
      return;
    }
    try {
      const consumer = await this.#consume(track, producer);
      // Their end may have come meanwhile, or the track's.
      if (isVain()) consumer.close();
      else this.#take(track, consumer);
    } catch (error) {
      if (!isVain()) throw error;
    }
  }

  async #consume(track: Track, producer: Producer): Promise<Consumer> {
    const { router, capabilities } = this.branch;
    const { producerId, release } = await track.pipes.tap(producer, track.owner.branch.router, router);
    try {
      // Paused, until it is agreed on.
      const options = { producerId, rtpCapabilities: capabilities, paused: true, enableRtx: true };
      const consumer = await this.downstream.consume(options);
      consumer.observer.once('close', release);
      return consumer;
    } catch (error) {
      release();
      throw error;
    }
  }

  #take(track: Track, consumer: Consumer): void {
    const subscription = new Subscription(track, this, consumer);
    this.subscriptions.set(track.id, subscription);
    track.takers.add(subscription);
    consumer.on('layerschange', (layers) => {
      if (subscription.wish.isEnabled && subscription.isAgreed) this.events.flowing(subscription, layers !== undefined);
    });
    this.events.subscribed(subscription);
    this.room.weighWishes(track);
  }

  unsubscribe(trackId: string): void {
    const subscription = this.subscriptions.get(trackId);
    if (!subscription) return;
    this.subscriptions.delete(trackId);
    subscription.track.takers.delete(subscription);
    subscription.close();
    if (!this.isClosed) this.events.unsubscribed(subscription);
    this.room.weighWishes(subscription.track);
  }

  /** Sends them a message. Resolves to whether it went: what does not fit into the buffer of a slow receiver is lost. */
  async send(channel: DataChannel, message: Buffer): Promise<boolean> {
    const open = this.#channels?.[channel];
    if (!open || open.closed) return false;
    return sendMessage(open, message);
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.#closed = reason;
    for (const trackId of [...this.subscriptions.keys()]) this.unsubscribe(trackId);
    for (const track of this.tracks.values()) this.#endTrack(track);
    this.tracks.clear();
    this.upstream.close();
    this.downstream.close();
    this.events.closed(reason);
    this.room.left(this);
  }
}
