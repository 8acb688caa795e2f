import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { systemClock } from '@holm/homeserver/platform/clock';
import type { DtlsFingerprint, Router, WebRtcTransport } from 'mediasoup/types';
import { bindingRequest, type IceCredentials, isRtp, isStun } from './stun.ts';

/** The other end of a connection, as its session description says. */
export interface RemoteEnd extends IceCredentials {
  readonly ip: string;
  readonly port: number;
  readonly fingerprint: DtlsFingerprint;
}

const CHECK_EVERY_MS = 5_000;
const TRY_AGAIN_MS = 50;
const TRIES = 300;

/**
 * The client's end of a WebRTC connection, without a browser. Encryption is done by a transport of a media worker of our
 * own. Such transports wait to be asked: a socket between the two asks both, and passes on what they say.
 */
export class MediaPeer implements Disposable {
  readonly transport: WebRtcTransport;
  /** Bytes of media that have come, by synchronization source. */
  readonly received = new Map<number, number>();
  readonly #socket: Socket;
  readonly #over = new AbortController();
  #remote: RemoteEnd | undefined;
  /** Whether what comes is passed on to be decrypted. */
  #isDeaf = false;

  private constructor(transport: WebRtcTransport, socket: Socket) {
    this.transport = transport;
    this.#socket = socket;
    socket.on('message', (packet, from) => this.#pass(packet, from));
  }

  static async open(router: Router): Promise<MediaPeer> {
    const transport = await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new MediaPeer(transport, socket);
  }

  get fingerprint(): DtlsFingerprint {
    const found = this.transport.dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
    if (!found) throw new Error('a transport without fingerprint');
    return found;
  }

  get #own(): { ip: string; port: number } {
    const [candidate] = this.transport.iceCandidates;
    if (!candidate) throw new Error('a transport without address');
    return candidate;
  }

  /** Resolves once both ends have agreed on keys. */
  async connect(remote: RemoteEnd): Promise<void> {
    this.#remote = remote;
    const fingerprints = [remote.fingerprint];
    await this.transport.connect({ dtlsParameters: { role: 'server', fingerprints } });
    for (let tries = 0; this.transport.dtlsState !== 'connected'; tries++) {
      if (tries === TRIES) throw new Error('no connection');
      if (tries % 10 === 0) this.#check();
      await systemClock.sleep(TRY_AGAIN_MS);
    }
    void this.#keepUp();
  }

  /** From now on, what comes is counted, but not looked into. */
  deafen(): void {
    this.#isDeaf = true;
  }

  #check(): void {
    const remote = this.#remote;
    if (!remote || this.transport.closed) return;
    const own = this.#own;
    this.#socket.send(bindingRequest(this.transport.iceParameters), own.port, own.ip);
    this.#socket.send(bindingRequest(remote), remote.port, remote.ip);
  }

  async #keepUp(): Promise<void> {
    for (;;) {
      await systemClock.sleep(CHECK_EVERY_MS, this.#over.signal);
      if (this.#over.signal.aborted) return;
      this.#check();
    }
  }

  #pass(packet: Buffer, from: RemoteInfo): void {
    const remote = this.#remote;
    if (isStun(packet) || !remote) return;
    const own = this.#own;
    if (from.port === own.port) {
      this.#socket.send(packet, remote.port, remote.ip);
      return;
    }
    if (isRtp(packet)) {
      const source = packet.readUInt32BE(8);
      this.received.set(source, (this.received.get(source) ?? 0) + packet.length);
    }
    if (!this.#isDeaf) this.#socket.send(packet, own.port, own.ip);
  }

  /** Vanishes, without a word to the other end. */
  [Symbol.dispose](): void {
    this.#over.abort();
    this.#socket.close();
    this.transport.close();
  }
}
