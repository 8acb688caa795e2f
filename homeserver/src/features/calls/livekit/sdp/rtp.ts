import type { RtpCapabilities, RtpEncodingParameters, RtpParameters } from 'mediasoup/types';
import { extractRtpCapabilities, getCname } from 'mediasoup-client/handlers/sdp/commonUtils';
import { getRtpEncodings } from 'mediasoup-client/handlers/sdp/unifiedPlanUtils';
import * as ortc from 'mediasoup-client/ortc';
import type { types } from 'mediasoup-client';
import type { MediaDescription } from 'sdp-transform';
import { midOf, ridsOf } from './read.ts';

/** What is sent in a section, as the sender has to send it and as we answer that we take it. */
export interface SectionRtp {
  readonly sent: RtpParameters;
  readonly taken: types.RtpParameters;
}

/** From the smallest on, as LiveKit's clients name them. */
const LAYER_NAMES = ['q', 'h', 'f'];
const LAYERED_CODEC = /\/(?:vp9|av1)$/i;
/** Three sizes, each with three rates; one needs the others of its moment only at key frames. */
const SVC_MODE = 'L3T3_KEY';
const SIMULCAST_MODE = 'L1T3';
const RTX = /\/rtx$/i;

/**
 * What to make of a section that offers to send. `codec` is the one wanted, such as `vp8`; without it, or where the client
 * does not offer it, it is the first that both sides know. `undefined` where there is none.
 *
 * Each section is read by itself: the extractor keeps header extensions by their number, over all sections, so that
 * those of the last kind would take the places of the others.
 */
export const rtpOf = (
  section: MediaDescription,
  routerCapabilities: RtpCapabilities,
  codec: string | undefined,
): SectionRtp | undefined => {
  const kind = section.type === 'audio' ? 'audio' : 'video';
  const local = extractRtpCapabilities({ sdpObject: { media: [section] } as never });
  ortc.validateAndNormalizeRtpCapabilities(local);
  const remote = structuredClone(routerCapabilities) as types.RtpCapabilities;
  ortc.validateAndNormalizeRtpCapabilities(remote);
  const common = ortc.getExtendedRtpCapabilities(local, remote, false);
  const sent = ortc.getSendingRtpParameters(kind, common);
  const taken = ortc.getSendingRemoteRtpParameters(kind, common);
  const chosen = choose(sent.codecs, codec);
  const encodings = encodingsOf(section, chosen);
  if (chosen.length === 0 || encodings.length === 0) return undefined;
  const payloads = new Set(chosen.map(({ payloadType }) => payloadType));
  const mid = midOf(section);
  return {
    sent: {
      ...(sent as RtpParameters),
      mid,
      codecs: chosen,
      encodings,
      rtcp: { cname: getCname({ offerMediaObject: section }), reducedSize: true },
    },
    taken: { ...taken, mid, codecs: taken.codecs.filter(({ payloadType }) => payloads.has(payloadType)) },
  };
};

type Codec = types.RtpCodecParameters;

/** One codec, with its retransmissions where it has them. */
const choose = (codecs: readonly Codec[], wanted: string | undefined): Codec[] => {
  const isWanted = ({ mimeType }: Codec) => mimeType.split('/')[1]?.toLowerCase() === wanted?.toLowerCase();
  const media = codecs.filter(({ mimeType }) => !RTX.test(mimeType));
  const codec = media.find(isWanted) ?? media[0];
  if (!codec) return [];
  const retransmitted = codecs.find(
    ({ mimeType, parameters }) =>
      RTX.test(mimeType) && (parameters as { apt?: number } | undefined)?.apt === codec.payloadType,
  );
  return retransmitted ? [codec, retransmitted] : [codec];
};

const encodingsOf = (section: MediaDescription, codecs: Codec[]): RtpEncodingParameters[] => {
  const rids = ridsOf(section).sort((one, other) => LAYER_NAMES.indexOf(one) - LAYER_NAMES.indexOf(other));
  if (section.simulcast && rids.length > 1) return rids.map((rid) => ({ rid, scalabilityMode: SIMULCAST_MODE }));
  if (rids[0] !== undefined) return [{ rid: rids[0] }];
  if (!section.ssrcs?.some(({ id }) => id > 0)) return [];
  const [encoding] = getRtpEncodings({ offerMediaObject: section, codecs });
  const isLayered = LAYERED_CODEC.test(codecs[0]?.mimeType ?? '');
  return [{ ...(encoding as RtpEncodingParameters), ...(isLayered && { scalabilityMode: SVC_MODE }) }];
};
