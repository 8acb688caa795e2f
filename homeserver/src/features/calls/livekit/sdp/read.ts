import * as sdpTransform from 'sdp-transform';
import type { MediaDescription, SessionDescription } from 'sdp-transform';

/** What clients that mean well stay far below. */
export const SDP_LIMITS = {
  bytes: 262_144,
  lineBytes: 8_192,
  lines: 4_096,
  sections: 64,
  perSection: 256,
  encodings: 4,
};

export type SdpRefusal = 'too long' | 'too many sections' | 'not a session description' | 'not WebRTC';

const PROTOCOLS = new Set(['UDP/TLS/RTP/SAVPF', 'UDP/DTLS/SCTP']);
const KINDS = new Set(['audio', 'video', 'application']);

/**
 * Reads what a client offers. Sizes are looked at before it is taken apart: the parser tries a line with all that it knows,
 * and seventy thousand short ones held everybody up for two seconds.
 */
export const readSdp = (sdp: string): SessionDescription | SdpRefusal => {
  if (sdp.length > SDP_LIMITS.bytes) return 'too long';
  const lines = sdp.split('\n');
  if (lines.some(({ length }) => length > SDP_LIMITS.lineBytes)) return 'too long';
  // As what has grown in a long call, and is small again when the client begins anew.
  if (lines.length > SDP_LIMITS.lines) return 'too many sections';
  if (lines.filter((line) => line.startsWith('m=')).length > SDP_LIMITS.sections) return 'too many sections';
  if (!lines[0]?.startsWith('v=0')) return 'not a session description';
  const session = sdpTransform.parse(sdp);
  // The parser passes over what it does not understand, and leaves it out.
  if (!session.media.every(isSection)) return 'not a session description';
  if (!session.media.every(isWebRtc)) return 'not WebRTC';
  const mids = session.media.map(midOf);
  return new Set(mids).size === mids.length ? session : 'not a session description';
};

const isSection = (section: Partial<MediaDescription>): boolean =>
  section.type !== undefined && section.port !== undefined && section.mid !== undefined;

const isWebRtc = ({ type, protocol, ...section }: MediaDescription): boolean => {
  if (!PROTOCOLS.has(protocol) || !KINDS.has(type)) return false;
  const lists = [section.rtp, section.fmtp, section.rtcpFb, section.ext, section.ssrcs, section.ssrcGroups];
  return (
    lists.every((list) => (list?.length ?? 0) <= SDP_LIMITS.perSection) &&
    ridsOf(section).length <= SDP_LIMITS.encodings
  );
};

export const midOf = ({ mid }: Pick<MediaDescription, 'mid'>): string => String(mid);

/** The names of the layers that a client sends, in its own order. */
export const ridsOf = ({ rids }: Pick<MediaDescription, 'rids'>): string[] =>
  (rids ?? []).filter(({ direction }) => direction === 'send').map(({ id }) => String(id));

/** Whether the client sends something in a section, or means to. */
export const isSending = ({ port, direction }: MediaDescription): boolean =>
  port !== 0 && (direction === undefined || direction === 'sendonly' || direction === 'sendrecv');

/** The client's name of what it sends in a section. */
export const sentTrackOf = ({ msid }: MediaDescription): string | undefined => {
  const name = msid?.[0]?.appdata;
  return name === undefined ? undefined : String(name);
};

/** Another one means that the client begins its connection anew. */
export const iceFragmentOf = (session: SessionDescription): string | undefined => {
  const fragment = session.iceUfrag ?? session.media.find(({ iceUfrag }) => iceUfrag !== undefined)?.iceUfrag;
  return fragment === undefined ? undefined : String(fragment);
};
