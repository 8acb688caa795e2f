import type { DtlsParameters, IceCandidate, IceParameters, RtpCapabilities, SctpParameters } from 'mediasoup/types';
import { RemoteAnswerMediaSection } from 'mediasoup-client/handlers/sdp/RemoteMediaSection';
import * as sdpTransform from 'sdp-transform';
import type { MediaDescription, SessionDescription } from 'sdp-transform';
import { isSending, midOf } from './read.ts';
import { type SectionRtp, rtpOf } from './rtp.ts';

/** Our end of the connection on which a client sends. */
export interface LocalEnd {
  readonly iceParameters: IceParameters;
  readonly iceCandidates: readonly IceCandidate[];
  readonly dtlsParameters: DtlsParameters;
  readonly sctpParameters: SctpParameters | undefined;
}

/** What is to be taken in a section that offers to send. */
export interface Taking {
  /** Such as `vp8`. */
  readonly codec: string | undefined;
  readonly stereo: boolean;
  readonly dtx: boolean;
}

export interface Answered {
  readonly sdp: string;
  /** What is sent from now on, by section. */
  readonly sending: ReadonlyMap<string, SectionRtp>;
  readonly hasData: boolean;
}

const START_KBIT = 1_000;

/**
 * Answers the offers of the connection on which a client sends. Each answer is made anew from the offer; what is kept is
 * how each section was answered last, because one that falls silent must not lose codecs: Chromium would refuse to offer
 * again.
 */
export class PublisherAnswers {
  readonly #sections = new Map<string, MediaDescription>();
  #version = 0;

  /** `taking` says what to make of a section, or nothing where nobody knows what is sent in it. */
  answer(
    offer: SessionDescription,
    end: LocalEnd,
    capabilities: RtpCapabilities,
    taking: (section: MediaDescription) => Taking | undefined,
  ): Answered {
    const sending = new Map<string, SectionRtp>();
    const media = offer.media.map((section): MediaDescription => {
      const mid = midOf(section);
      if (section.type === 'application') return dataSection(section, end);
      const taken = isSending(section) ? taking(section) : undefined;
      const rtp = taken && rtpOf(section, capabilities, taken.codec);
      if (!rtp) return silent(section, end, this.#sections.get(mid));
      sending.set(mid, rtp);
      const answered = mediaSection(section, end, { rtp, taken });
      this.#sections.set(mid, answered);
      return answered;
    });
    this.#version += 1;
    const hasData = offer.media.some(({ type, port }) => type === 'application' && port !== 0);
    return { sdp: sdpTransform.write(this.#session(offer, end, media)), sending, hasData };
  }

  #session(offer: SessionDescription, { dtlsParameters }: LocalEnd, media: MediaDescription[]): SessionDescription {
    const fingerprint = dtlsParameters.fingerprints.at(-1);
    if (!fingerprint) throw new Error('a transport without fingerprint');
    const open = media.filter(({ port }) => port !== 0);
    return {
      version: 0,
      origin: {
        username: '-',
        sessionId: '1',
        sessionVersion: this.#version,
        netType: 'IN',
        ipVer: 4,
        address: '0.0.0.0',
      },
      name: '-',
      timing: { start: 0, stop: 0 },
      icelite: 'ice-lite',
      iceOptions: 'ice2',
      msidSemantic: { semantic: 'WMS', token: '*' },
      fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value },
      groups: [{ type: 'BUNDLE', mids: open.map(midOf).join(' ') }],
      ...(offer.extmapAllowMixed !== undefined && { extmapAllowMixed: 'extmap-allow-mixed' }),
      media,
    };
  }
}

/** What the builder of sections wants. It was made for the other side, where ours is the remote end. */
const builderArguments = ({ iceParameters, iceCandidates, dtlsParameters, sctpParameters }: LocalEnd) => ({
  iceParameters,
  iceCandidates: [...iceCandidates],
  dtlsParameters: { ...dtlsParameters, role: 'server' as const },
  ...(sctpParameters && { sctpParameters }),
});

const build = (end: LocalEnd, rest: object): MediaDescription =>
  new RemoteAnswerMediaSection({ ...builderArguments(end), ...rest } as never).getObject();

const dataSection = (section: MediaDescription, end: LocalEnd): MediaDescription =>
  section.port === 0 ? closed(section) : build(end, { offerMediaObject: section });

const mediaSection = (
  section: MediaDescription,
  end: LocalEnd,
  { rtp, taken }: { rtp: SectionRtp; taken: Taking },
): MediaDescription =>
  build(end, {
    offerMediaObject: section,
    offerRtpParameters: rtp.sent,
    answerRtpParameters: rtp.taken,
    codecOptions:
      section.type === 'audio'
        ? { opusFec: true, opusDtx: taken.dtx, opusStereo: taken.stereo }
        : { videoGoogleStartBitrate: START_KBIT },
  });

/**
 * A section in which nothing is sent. Connection and candidates stand in it all the same: where it is the first, they
 * are those of all.
 */
const silent = (section: MediaDescription, end: LocalEnd, before: MediaDescription | undefined): MediaDescription => {
  if (section.port === 0) return closed(section);
  const { rtp, fmtp, payloads, rtcpFb, ext } = before ?? firstCodecOf(section);
  const connection = build(end, { offerMediaObject: { ...section, type: 'application' } });
  return {
    ...connection,
    type: section.type,
    direction: 'inactive',
    rtcpMux: 'rtcp-mux',
    rtp,
    fmtp,
    ...(payloads !== undefined && { payloads }),
    ...(rtcpFb && { rtcpFb }),
    ...(ext && { ext }),
  };
};

type Codecs = Pick<MediaDescription, 'rtp' | 'fmtp' | 'payloads' | 'rtcpFb' | 'ext'>;

const firstCodecOf = ({ rtp, payloads }: MediaDescription): Codecs => {
  const first = rtp.slice(0, 1);
  return { rtp: first, fmtp: [], payloads: first[0] ? String(first[0].payload) : (payloads ?? '0') };
};

const closed = ({ type, protocol, mid, payloads }: MediaDescription): MediaDescription => ({
  type,
  protocol,
  port: 0,
  rtp: [],
  fmtp: [],
  ...(mid !== undefined && { mid }),
  ...(payloads !== undefined && { payloads }),
  direction: 'inactive',
});
