import { TrackSource, TrackType, type SessionDescription as Description } from '@livekit/protocol';
import { systemClock } from '@holm/homeserver/platform/clock';
import { MEDIA_CODECS } from '@holm/homeserver/features/calls/media/codecs';
import type { Consumer, Router } from 'mediasoup/types';
import * as sdpTransform from 'sdp-transform';
import { MediaPeer, type RemoteEnd } from './media-peer.ts';
import { RtpSource, type StreamShape } from './rtp-source.ts';
import { SignalClient } from './signal-client.ts';

export const clientCodecs = MEDIA_CODECS;

const PING_EVERY_MS = 5_000;

/**
 * A client of calls without a browser: it speaks LiveKit's protocol, has both of its connections, and sends and is sent
 * RTP. It takes a hundredth of what a browser takes, and can misbehave.
 */
export class MediaClient implements AsyncDisposable {
  readonly signal: SignalClient;
  /** What comes. */
  readonly downstream: MediaPeer;
  readonly #upstream: MediaPeer;
  readonly #router: Router;
  /** What it sends. */
  readonly sources: RtpSource[] = [];
  readonly #over = new AbortController();
  readonly #consumers: { readonly consumer: Consumer; readonly cid: string }[] = [];
  #isConnected = false;
  #answered = Promise.resolve();

  private constructor(signal: SignalClient, router: Router, ends: { upstream: MediaPeer; downstream: MediaPeer }) {
    this.signal = signal;
    this.#router = router;
    this.#upstream = ends.upstream;
    this.downstream = ends.downstream;
    signal.onMessage(({ case: kind, value }) => {
      if (kind === 'offer') this.#answered = this.#answered.then(() => this.#answer(value));
    });
    void this.#keepUp();
  }

  /** `undefined` where the server does not let it in. */
  static async join(url: string, token: string, router: Router): Promise<MediaClient | undefined> {
    const signal = await SignalClient.open(url, { access_token: token, auto_subscribe: '1' });
    if (!signal) return undefined;
    const [upstream, downstream] = await Promise.all([MediaPeer.open(router), MediaPeer.open(router)]);
    const client = new MediaClient(signal, router, { upstream, downstream });
    await signal.hears('offer');
    await client.#answered;
    return client;
  }

  /** Media of others that has come, in bytes. */
  get receivedBytes(): number {
    return this.downstream.received.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  async #answer({ sdp, id }: Description): Promise<void> {
    const fingerprint = this.downstream.fingerprint.value;
    this.signal.say({ case: 'answer', value: { type: 'answer', sdp: answerTo(sdp, fingerprint), id } });
    if (this.#isConnected) return;
    this.#isConnected = true;
    // Whoever begins before the answer was read is not heard, and tries again a second later only.
    this.signal.say({ case: 'pingReq', value: {} });
    await this.signal.hears('pongResp');
    await this.downstream.connect(remoteOf(sdp));
  }

  /** Announces a track, offers it and begins to send it. Resolves to its id. */
  async publish(shape: StreamShape): Promise<string> {
    const isFirst = this.sources.length === 0;
    const source = await RtpSource.open(this.#router, shape);
    this.sources.push(source);
    const cid = `${shape.kind}${this.sources.length}`;
    const isVideo = shape.kind === 'video';
    const [type, trackSource] = isVideo
      ? [TrackType.VIDEO, TrackSource.CAMERA]
      : [TrackType.AUDIO, TrackSource.MICROPHONE];
    this.signal.say({ case: 'addTrack', value: { cid, type, source: trackSource, name: cid } });
    const { track } = await this.signal.hears('trackPublished', undefined, (each) => each.cid === cid);
    const consumer = await this.#upstream.transport.consume({
      producerId: source.producer.id,
      rtpCapabilities: this.#router.rtpCapabilities,
    });
    this.#consumers.push({ consumer, cid });
    const id = this.#consumers.length;
    this.signal.say({ case: 'offer', value: { type: 'offer', sdp: this.#offer(), id } });
    const { sdp } = await this.signal.hears('answer', undefined, (each) => each.id === id);
    if (isFirst) await this.#upstream.connect(remoteOf(sdp));
    source.start();
    return track?.sid ?? '';
  }

  #offer(): string {
    const fingerprint = this.#upstream.fingerprint.value;
    const sections = this.#consumers.map(({ consumer, cid }) => offered(consumer, cid, fingerprint));
    const mids = this.#consumers.map(({ consumer }) => consumer.rtpParameters.mid).join(' ');
    return [...OPENING, `a=group:BUNDLE ${mids}`, ...sections.flat(), ''].join('\r\n');
  }

  async #keepUp(): Promise<void> {
    for (;;) {
      await systemClock.sleep(PING_EVERY_MS, this.#over.signal);
      if (this.#over.signal.aborted || this.signal.closed !== undefined) return;
      this.signal.say({ case: 'ping', value: 1n });
    }
  }

  /** Is gone, without a word. */
  vanish(): void {
    this.#over.abort();
    for (const source of this.sources) source[Symbol.dispose]();
    this.signal[Symbol.dispose]();
    this.#upstream[Symbol.dispose]();
    this.downstream[Symbol.dispose]();
  }

  /** Says goodbye, and waits until it was heard. */
  async leave(): Promise<void> {
    if (this.signal.closed === undefined) this.signal.say({ case: 'leave', value: {} });
    await this.signal.ends();
    this.vanish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }
}

const OPENING = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0'];
const connection = (fingerprint: string, setup: string): string[] => [
  ...['c=IN IP4 0.0.0.0', 'a=ice-ufrag:peer', 'a=ice-pwd:0123456789012345678901'],
  `a=fingerprint:sha-256 ${fingerprint}`,
  `a=setup:${setup}`,
];

const offered = ({ kind, rtpParameters }: Consumer, cid: string, fingerprint: string): string[] => {
  const { mid, codecs, headerExtensions = [], encodings = [] } = rtpParameters;
  const [codec] = codecs;
  if (!codec) throw new Error('a stream without codec');
  const { payloadType, mimeType, clockRate, channels, rtcpFeedback = [] } = codec;
  const name = `${mimeType.split('/')[1]}/${clockRate}${channels === undefined ? '' : `/${channels}`}`;
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    ...connection(fingerprint, 'actpass'),
    ...[`a=mid:${mid}`, 'a=sendonly', 'a=rtcp-mux', `a=rtpmap:${payloadType} ${name}`, `a=msid:stream ${cid}`],
    ...rtcpFeedback.map(({ type, parameter = '' }) => `a=rtcp-fb:${payloadType} ${type} ${parameter}`.trim()),
    ...headerExtensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...encodings.slice(0, 1).map(({ ssrc }) => `a=ssrc:${ssrc} cname:someone`),
  ];
};

/** Takes all that is offered. */
export const answerTo = (offer: string, fingerprint: string): string => {
  const { media } = sdpTransform.parse(offer);
  const sections = media.map(({ type, port, protocol, payloads = '0', mid }) => [
    `m=${type} ${port === 0 ? 0 : 9} ${protocol} ${payloads}`,
    ...connection(fingerprint, 'active'),
    ...[`a=mid:${mid}`, ...(type === 'application' ? ['a=sctp-port:5000'] : ['a=recvonly', 'a=rtcp-mux'])],
  ]);
  const mids = media.filter(({ port }) => port !== 0).map(({ mid }) => mid);
  return [...OPENING, `a=group:BUNDLE ${mids.join(' ')}`, ...sections.flat(), ''].join('\r\n');
};

interface Candidate {
  readonly transport: string;
  readonly ip: string;
  readonly port: number;
}

/** Where the other end is, by UDP, and who. */
export const remoteOf = (sdp: string): RemoteEnd => {
  const session = sdpTransform.parse(sdp);
  const [first] = session.media;
  const candidates = (first?.candidates ?? []) as readonly Candidate[];
  const candidate = candidates.find(({ transport }) => transport.toLowerCase() === 'udp');
  const fingerprint = session.fingerprint ?? first?.fingerprint;
  if (!first || !candidate || !fingerprint) throw new Error('a session without an end');
  return {
    usernameFragment: String(session.iceUfrag ?? first.iceUfrag),
    password: String(session.icePwd ?? first.icePwd),
    ip: candidate.ip,
    port: candidate.port,
    fingerprint: { algorithm: fingerprint.type as 'sha-256', value: fingerprint.hash },
  };
};
