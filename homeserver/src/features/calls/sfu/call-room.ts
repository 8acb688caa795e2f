import type { Router, WebRtcTransport } from 'mediasoup/types';
import type { Background } from '../../../platform/background.ts';
import type { Clock } from '../../../platform/clock.ts';
import { type Entropy, token } from '../../../platform/entropy.ts';
import type { CallMedia } from '../media/media-worker-process.ts';
import { CallData, type ChannelNames } from './data-channels.ts';
import type { CloseReason, DataChannel, ParticipantEvents } from './events.ts';
import { type Arrival, type Call, Participant } from './participant.ts';
import { highestWanted } from './quality.ts';
import { SPEAKERS, Speakers } from './speakers.ts';
import type { Track, TrackDescription } from './track.ts';

export interface CallRoomDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  /** What the data channels are called. */
  readonly channels: ChannelNames;
  /** What each participant may send, in bit per second. */
  readonly incomingBitrate: number;
}

interface CallRoomParts {
  readonly name: string;
  readonly media: CallMedia;
  readonly ended: () => void;
}

const ID_LENGTH = 12;
/** Clients of 2026 send no larger messages. */
const MAX_MESSAGE_BYTES = 65_536;
const SEND_BUFFER_BYTES = 1_048_576;
/** What a connection is taken to carry before anything is known of it. */
const FIRST_OUTGOING_BITRATE = 1_000_000;
/** Layers come back at once, but go only when nobody has wanted them for that long. */
const UNWANTED_AFTER_MS = 3_000;

/** A call: those who are in it, and the media between them. It ends with the last one. */
export class CallRoom implements Call {
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly participants = new Map<string, Participant>();
  readonly router: Router;
  readonly data: CallData;
  readonly speakers: Speakers;
  readonly #deps: CallRoomDeps;
  readonly #parts: CallRoomParts;
  readonly #told = new WeakMap<Track, number>();
  readonly #over = new AbortController();
  /** Arrivals under way, which keep it open. */
  #arriving = 0;
  #isClosed = false;

  private constructor(deps: CallRoomDeps, parts: CallRoomParts, made: { data: CallData; speakers: Speakers }) {
    this.#deps = deps;
    this.#parts = parts;
    this.id = this.#newId('RM_');
    this.name = parts.name;
    this.startedAt = deps.clock.now();
    this.router = parts.media.router;
    this.data = made.data;
    this.speakers = made.speakers;
    parts.media.onLost(() => this.close('media lost'));
  }

  static async open(deps: CallRoomDeps, parts: CallRoomParts): Promise<CallRoom> {
    const { router } = parts.media;
    const observer = await router.createAudioLevelObserver(SPEAKERS);
    const direct = await router.createDirectTransport({ maxSendMessageSize: MAX_MESSAGE_BYTES });
    const data = await CallData.open(direct, deps.channels);
    const speakers = new Speakers(observer, (changed) => room.tell((events) => events.speakersChanged(changed)));
    const room: CallRoom = new CallRoom(deps, parts, { data, speakers });
    return room;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many streams the worker sends on which this call lives. */
  get load(): number {
    return this.#parts.media.load();
  }

  /** Lets somebody in, in place of whoever was here under the same identity. */
  async join(arrival: Arrival): Promise<Participant> {
    this.#arriving += 1;
    try {
      const [upstream, downstream] = await Promise.all([this.#transport(), this.#transport()]);
      await upstream.setMaxIncomingBitrate(this.#deps.incomingBitrate);
      this.participants.get(arrival.identity)?.close('replaced');
      const joinedAt = this.#deps.clock.now();
      const participant = new Participant(arrival, {
        id: this.#newId('PA_'),
        joinedAt,
        room: this,
        upstream,
        downstream,
      });
      this.participants.set(arrival.identity, participant);
      return participant;
    } finally {
      this.#arriving -= 1;
      this.#endIfEmpty();
    }
  }

  #transport(): Promise<WebRtcTransport> {
    return this.router.createWebRtcTransport({
      webRtcServer: this.#parts.media.ports,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: true,
      maxSendMessageSize: MAX_MESSAGE_BYTES,
      maxReceiveMessageSize: MAX_MESSAGE_BYTES,
      sctpSendBufferSize: SEND_BUFFER_BYTES,
      initialAvailableOutgoingBitrate: FIRST_OUTGOING_BITRATE,
    });
  }

  others(of: Pick<Participant, 'id'>): Participant[] {
    return [...this.participants.values()].filter(({ id }) => id !== of.id);
  }

  tell(what: (events: ParticipantEvents) => void): void {
    for (const { events } of this.participants.values()) what(events);
  }

  offer(track: Track): void {
    for (const other of this.others(track.owner)) {
      if (!other.autoSubscribe) continue;
      const isOver = () => other.isClosed || track.isOver;
      this.inBackground('subscribe to a track', () => other.subscribe(track), isOver);
    }
  }

  findTrack(trackId: string): Track | undefined {
    for (const { tracks } of this.participants.values()) {
      const track = tracks.get(trackId);
      if (track) return track;
    }
    return undefined;
  }

  relay(from: Participant, channel: DataChannel, message: Buffer, to: (other: Participant) => boolean): void {
    for (const other of this.others(from)) {
      if (!to(other)) continue;
      this.inBackground(
        'pass a message on',
        () => other.send(channel, message),
        () => other.isClosed,
      );
    }
  }

  weighWishes(track: Track): void {
    if (track.description.kind !== 'video' || track.owner.isClosed) return;
    const highest = this.#highestWanted(track);
    const told = this.#told.get(track);
    if (told === undefined || highest > told) this.#tellWanted(track, highest);
    else if (highest < told) {
      this.inBackground('let layers go', async () => {
        await this.#deps.clock.sleep(UNWANTED_AFTER_MS, this.#over.signal);
        if (!this.isClosed) this.#tellWanted(track, this.#highestWanted(track));
      });
    }
  }

  #highestWanted({ takers, description }: Track): number {
    return highestWanted(
      [...takers].map(({ wish }) => wish),
      description.layers,
    );
  }

  #tellWanted(track: Track, highest: number): void {
    if (track.owner.isClosed || this.#told.get(track) === highest) return;
    this.#told.set(track, highest);
    track.owner.events.layersWanted(track, highest);
  }

  newTrackId({ kind, source }: TrackDescription): string {
    const letter = source === 'screen' ? 'S' : kind === 'video' ? 'V' : 'A';
    return this.#newId(`TR_${source === 'camera' ? 'C' : letter}`);
  }

  #newId(prefix: string): string {
    return prefix + token(this.#deps.entropy, ID_LENGTH).replaceAll(/[-_]/g, 'x');
  }

  inBackground(name: string, work: () => Promise<unknown>, isOver = (): boolean => this.isClosed): void {
    this.#deps.background.run(name, async () => {
      try {
        await work();
      } catch (error) {
        if (!this.isClosed && !isOver()) throw error;
      }
    });
  }

  left(participant: Participant): void {
    if (this.participants.get(participant.identity) === participant) this.participants.delete(participant.identity);
    if (this.isClosed) return;
    this.tell((events) => events.participantLeft(participant));
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.participants.size === 0 && this.#arriving === 0) this.close('left');
  }

  close(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#over.abort();
    for (const participant of this.participants.values()) participant.close(reason);
    this.router.close();
    this.#parts.ended();
  }
}
