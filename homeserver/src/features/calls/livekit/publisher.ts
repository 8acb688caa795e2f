import type { AddTrackRequest, SessionDescription, TrackInfo } from '@livekit/protocol';
import type { MediaDescription, SessionDescription as ParsedSdp } from 'sdp-transform';
import type { Participant } from '../sfu/participant.ts';
import type { Track } from '../sfu/track.ts';
import { dtlsOf } from './sdp/dtls.ts';
import { PublisherAnswers, type Taking } from './sdp/publisher-answer.ts';
import { type SdpRefusal, iceFragmentOf, isSending, midOf, readSdp, sentTrackOf } from './sdp/read.ts';
import type { SectionRtp } from './sdp/rtp.ts';
import { descriptionOf, trackInfo, wantedCodec } from './translate.ts';

/** A track that the client has announced, with its own name for it and, once that is offered, the section it comes in. */
interface Announced {
  readonly track: Track;
  readonly cid: string;
  codec: string | undefined;
  mid: string | undefined;
}

export interface Answer {
  readonly sdp: string;
  readonly midToTrackId: Readonly<Record<string, string>>;
}

export type AnnounceRefusal = 'may not publish' | 'too many tracks' | 'not media';

/** The connection on which a client sends: it offers, we answer. */
export class Publisher {
  readonly #participant: Participant;
  readonly #maxTracks: number;
  readonly #answers = new PublisherAnswers();
  readonly #announced = new Map<string, Announced>();
  #iceFragment: string | undefined;
  #isConnected = false;
  #hasData = false;

  constructor(participant: Participant, maxTracks: number) {
    this.#participant = participant;
    this.#maxTracks = maxTracks;
  }

  /** Takes note of a track that is about to come. */
  announce(request: AddTrackRequest): TrackInfo | AnnounceRefusal {
    const { permissions } = this.#participant;
    if (!permissions.canPublish) return 'may not publish';
    const description = descriptionOf(request);
    // A second encoding of a track that is there already would have its name: nobody is asked for one.
    if (!description || request.sid !== '') return 'not media';
    if (this.#announced.size >= this.#maxTracks) return 'too many tracks';
    const track = this.#participant.announce(description, request.muted);
    const announced = { track, cid: request.cid, codec: wantedCodec(request), mid: undefined };
    this.#announced.set(track.id, announced);
    return trackInfo(track, { mid: '', cid: announced.cid });
  }

  /** What was announced and has not come yet, with the client's names. */
  get expected(): readonly { readonly cid: string; readonly track: TrackInfo }[] {
    return [...this.#announced.values()]
      .filter(({ mid }) => mid === undefined)
      .map(({ cid, track }) => ({ cid, track: trackInfo(track, { mid: '', cid }) }));
  }

  async answer({ sdp }: SessionDescription): Promise<Answer | SdpRefusal> {
    const offer = readSdp(sdp);
    if (typeof offer === 'string') return offer;
    await this.#connect(offer);
    this.#endSilent(offer);
    const { upstream, branch } = this.#participant;
    const answered = this.#answers.answer(offer, upstream, branch.capabilities, (section) => this.#takingOf(section));
    if (answered.hasData && !this.#hasData) {
      this.#hasData = true;
      await this.#participant.listen();
    }
    await this.#publish(answered.sending);
    const midToTrackId: Record<string, string> = {};
    for (const { mid, track } of this.#announced.values()) if (mid !== undefined) midToTrackId[mid] = track.id;
    return { sdp: answered.sdp, midToTrackId };
  }

  async #connect(offer: ParsedSdp): Promise<void> {
    const { upstream } = this.#participant;
    const fragment = iceFragmentOf(offer);
    if (!this.#isConnected) {
      const dtlsParameters = dtlsOf(offer);
      // Clients offer to be either end; we answer that they are the client.
      await upstream.connect({ dtlsParameters: { ...dtlsParameters, role: 'client' } });
      this.#isConnected = true;
    } else if (fragment !== this.#iceFragment) await upstream.restartIce();
    this.#iceFragment = fragment;
  }

  /** What does not come any more. */
  #endSilent(offer: ParsedSdp): void {
    const sending = new Set(offer.media.filter(isSending).map(midOf));
    for (const { track, mid } of [...this.#announced.values()]) {
      if (mid !== undefined && !sending.has(mid)) this.#end(track);
    }
  }

  #end(track: Track): void {
    this.#announced.delete(track.id);
    this.#participant.unpublish(track);
  }

  #takingOf(section: MediaDescription): Taking | undefined {
    const announced = this.#announcedFor(section);
    if (!announced) return undefined;
    announced.mid = midOf(section);
    const { stereo, disableDtx } = announced.track.description;
    return { codec: announced.codec, stereo, dtx: !disableDtx };
  }

  /** By its section, by the client's name for it, or else the oldest of its kind that is still to come. */
  #announcedFor(section: MediaDescription): Announced | undefined {
    const all = [...this.#announced.values()];
    const name = sentTrackOf(section);
    const isOpen = ({ mid, track }: Announced) => mid === undefined && track.description.kind === section.type;
    return (
      all.find(({ mid }) => mid === midOf(section)) ??
      all.find((each) => isOpen(each) && each.cid === name) ??
      all.find(isOpen)
    );
  }

  async #publish(sending: ReadonlyMap<string, SectionRtp>): Promise<void> {
    for (const announced of this.#announced.values()) {
      const rtp = announced.mid === undefined ? undefined : sending.get(announced.mid);
      if (!rtp || announced.track.producer) continue;
      // Whatever is offered later: what it was begun with stays.
      announced.codec = rtp.sent.codecs[0]?.mimeType.split('/')[1];
      await this.#participant.publish(announced.track, rtp.sent);
    }
  }
}
