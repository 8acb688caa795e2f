/** A section of an offer as Chromium writes it, cut to what matters. */
export interface OfferedSection {
  readonly mid: string;
  readonly kind: 'audio' | 'video' | 'application';
  readonly direction?: 'sendonly' | 'recvonly' | 'inactive';
  /** The client's name of what it sends. */
  readonly track?: string;
  readonly rids?: readonly string[];
  readonly port?: number;
}

const CODECS = {
  audio: ['a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:63 red/48000/2'],
  video: [
    ...['a=rtpmap:96 VP8/90000', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96'],
    ...['a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=98'],
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    ...['a=rtpmap:45 AV1/90000', 'a=rtcp-fb:96 nack', 'a=rtcp-fb:96 nack pli', 'a=rtcp-fb:96 transport-cc'],
  ],
};
const PAYLOADS = { audio: '111 63', video: '96 97 98 99 102 45', application: 'webrtc-datachannel' };
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
/** The same numbers stand for other things in other kinds of sections. */
const EXTENSIONS = {
  audio: ['a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level', `a=extmap:3 ${TRANSPORT_CC}`],
  video: [
    `a=extmap:3 ${TRANSPORT_CC}`,
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  ],
};

const sectionOf = ({ mid, kind, direction = 'sendonly', track, rids = [], port = 9 }: OfferedSection): string[] => {
  const isData = kind === 'application';
  const sends = !isData && direction === 'sendonly';
  return [
    `m=${kind} ${port} ${isData ? 'UDP/DTLS/SCTP' : 'UDP/TLS/RTP/SAVPF'} ${PAYLOADS[kind]}`,
    'c=IN IP4 0.0.0.0',
    ...['a=ice-ufrag:frag', 'a=ice-pwd:0123456789012345678901', 'a=fingerprint:sha-256 AA:BB', 'a=setup:actpass'],
    `a=mid:${mid}`,
    ...(isData ? ['a=sctp-port:5000'] : [`a=${direction}`, 'a=rtcp-mux', ...CODECS[kind], ...EXTENSIONS[kind]]),
    ...(track === undefined ? [] : [`a=msid:stream ${track}`]),
    ...rids.map((rid) => `a=rid:${rid} send`),
    ...(rids.length > 1 ? [`a=simulcast:send ${rids.join(';')}`] : []),
    ...(sends && rids.length === 0 ? [`a=ssrc:${1_000 + Number(mid)} cname:someone`] : []),
  ];
};

/** An offer of a client. */
export const offerOf = (...sections: readonly OfferedSection[]): string =>
  [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=extmap-allow-mixed'],
    `a=group:BUNDLE ${sections.map(({ mid }) => mid).join(' ')}`,
    ...sections.flatMap(sectionOf),
    '',
  ].join('\r\n');
