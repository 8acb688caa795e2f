import { systemClock } from '@holm/homeserver/platform/clock';
import type { Producer, Router } from 'mediasoup/types';

/** How a stream looks from outside: nobody looks into what it carries. */
export interface StreamShape {
  readonly kind: 'audio' | 'video';
  readonly packetsPerSecond: number;
  readonly packetBytes: number;
}

/** 1.2 Mb/s, as cameras send. */
export const VIDEO: StreamShape = { kind: 'video', packetsPerSecond: 150, packetBytes: 1_000 };
export const AUDIO: StreamShape = { kind: 'audio', packetsPerSecond: 50, packetBytes: 100 };

const FRAMES_PER_SECOND = 30;
/** Nobody asks for one in vain for long: what is asked of a source is not heard. */
const KEY_FRAME_EVERY = 15;
/** With one extension. */
const HEADER_BYTES = 20;
const PLAIN_HEADER_BYTES = 12;
const TICK_MS = 5;

/** RTP that looks like VP8 or opus to whoever passes it on. */
export class RtpSource implements Disposable {
  readonly producer: Producer;
  readonly #shape: StreamShape;
  readonly #over = new AbortController();
  readonly #packet: Buffer;
  #sent = 0;
  #frame = 0;
  #isPaused = false;

  private constructor(producer: Producer, shape: StreamShape) {
    this.producer = producer;
    this.#shape = shape;
    this.#packet = Buffer.alloc(HEADER_BYTES + shape.packetBytes);
    this.#packet.writeUInt8(HAS_EXTENSIONS, 0);
    this.#packet.writeUInt32BE(SOURCE, 8);
    // One word of short extensions (RFC 8285): how loud it is, which only sound has.
    this.#packet.writeUInt32BE(0xbede_0001, PLAIN_HEADER_BYTES);
    this.#packet.writeUInt8(LEVEL_EXTENSION << 4, PLAIN_HEADER_BYTES + 4);
    this.#packet.writeUInt8(LOUDNESS, PLAIN_HEADER_BYTES + 5);
  }

  static async open(router: Router, shape: StreamShape): Promise<RtpSource> {
    const transport = await router.createDirectTransport();
    const producer = await transport.produce({
      kind: shape.kind,
      rtpParameters: {
        codecs: [CODECS[shape.kind]],
        encodings: [{ ssrc: SOURCE }],
        headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: LEVEL_EXTENSION }],
      },
    });
    return new RtpSource(producer, shape);
  }

  /** How many packets it has sent. */
  get sent(): number {
    return this.#sent;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Sends until it is closed. */
  start(): void {
    void this.#run();
  }

  async #run(): Promise<void> {
    const { packetsPerSecond } = this.#shape;
    let due = 0;
    let at = performance.now();
    while (!this.#over.signal.aborted && !this.producer.closed) {
      const now = performance.now();
      if (!this.#isPaused) due += ((now - at) / 1_000) * packetsPerSecond;
      at = now;
      while (this.#sent < due) this.#send();
      await systemClock.sleep(TICK_MS, this.#over.signal);
    }
  }

  #send(): void {
    const { kind, packetsPerSecond } = this.#shape;
    const isVideo = kind === 'video';
    const perFrame = isVideo ? Math.max(1, Math.round(packetsPerSecond / FRAMES_PER_SECOND)) : 1;
    const place = this.#sent % perFrame;
    const isLast = place === perFrame - 1;
    const packet = this.#packet;
    packet.writeUInt8(CODECS[kind].payloadType | (isVideo && isLast ? 0x80 : 0), 1);
    packet.writeUInt16BE((this.#sent + 1) & 0xffff, 2);
    packet.writeUInt32BE((this.#frame * (isVideo ? 3_000 : 960)) >>> 0, 4);
    if (isVideo) {
      // The payload descriptor, which marks the first packet of a frame, and the bit that tells key frames.
      packet.writeUInt8(place === 0 ? 0x10 : 0, HEADER_BYTES);
      packet.writeUInt8(this.#frame % KEY_FRAME_EVERY === 0 ? 0 : 1, HEADER_BYTES + 1);
    }
    this.producer.send(Buffer.from(packet));
    this.#sent += 1;
    if (isLast) this.#frame += 1;
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.producer.close();
  }
}

const SOURCE = 1_111;
const HAS_EXTENSIONS = 0x90;
const LEVEL_EXTENSION = 1;
/** In decibels below the loudest that can be. */
const LOUDNESS = 20;
const CODECS = {
  audio: { mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 },
  video: { mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 },
};
