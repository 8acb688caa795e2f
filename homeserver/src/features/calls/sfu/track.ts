import type { Producer, Router, RtpParameters, WebRtcTransport } from 'mediasoup/types';
import { Pipes } from './pipes.ts';
import type { LayerSize, Wish } from './quality.ts';

export type TrackKind = 'audio' | 'video';
export type TrackSource = 'unknown' | 'camera' | 'microphone' | 'screen' | 'screen sound';

/** What its publisher says of a track. Others are shown it as it is; only what this server needs is looked at. */
export interface TrackDescription {
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string;
  /** Tracks of one stream are played in step. */
  readonly stream: string;
  readonly width: number;
  readonly height: number;
  /** The simulcast layers of a video, smallest first. */
  readonly layers: readonly LayerSize[];
  /** Whether frames are encrypted between the participants. Nobody here can tell by looking at them. */
  readonly encryption: 'none' | 'gcm' | 'custom';
  readonly stereo: boolean;
  readonly disableDtx: boolean;
  readonly disableRed: boolean;
  /** How the sound was prepared, as numbers of the signalling protocol. */
  readonly audioFeatures: readonly number[];
}

/** Who sends a track, as far as a track needs to know. */
export interface TrackOwner {
  /** New with every arrival. */
  readonly id: string;
  readonly identity: string;
  readonly isClosed: boolean;
  readonly branch: { readonly router: Router };
  /** From them to us. */
  readonly upstream: WebRtcTransport;
  readonly events: { layersWanted(track: Track, highest: number): void };
}

/** Somebody who is sent a track, with what they want of it. */
export interface Taker {
  readonly wish: Wish;
  readonly subscriber: { readonly id: string; readonly identity: string; unsubscribe(trackId: string): void };
}

/** Something that a participant sends: a camera, a microphone, a screen. Without a producer, it is only announced. */
export class Track {
  readonly id: string;
  readonly owner: TrackOwner;
  readonly takers = new Set<Taker>();
  readonly pipes = new Pipes();
  description: TrackDescription;
  isMuted: boolean;
  #producer: Producer | undefined;

  constructor(id: string, owner: TrackOwner, given: { description: TrackDescription; isMuted: boolean }) {
    this.id = id;
    this.owner = owner;
    this.description = given.description;
    this.isMuted = given.isMuted;
  }

  get producer(): Producer | undefined {
    return this.#producer;
  }

  /** It came, and does not any more. */
  get isOver(): boolean {
    return this.#producer?.closed === true;
  }

  /** Such as `video/VP8`, once it is known. */
  get mimeType(): string | undefined {
    return this.#producer?.rtpParameters.codecs[0]?.mimeType;
  }

  /** Encrypted frames cannot be told apart by what is in them; how many layers there are shows outside. */
  get isLayered(): boolean {
    return this.#producer?.type === 'simulcast' || this.#producer?.type === 'svc';
  }

  /** Starts to take in its media. */
  async produce(rtpParameters: RtpParameters): Promise<Producer> {
    const { kind } = this.description;
    this.#producer = await this.owner.upstream.produce({ kind, rtpParameters, paused: this.isMuted });
    return this.#producer;
  }

  async setMuted(isMuted: boolean): Promise<void> {
    this.isMuted = isMuted;
    await (isMuted ? this.#producer?.pause() : this.#producer?.resume());
  }

  close(): void {
    this.#producer?.close();
  }
}
