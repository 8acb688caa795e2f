// mediasoup and nothing else: one worker, one router, and who asks by HTTP is connected. What a homeserver's calls are compared with.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { MEDIA_CODECS } from '@holm/homeserver/features/calls/media/codecs';
import { createWorker } from 'mediasoup';
import type { DtlsFingerprint, MediaKind, Producer, RtpParameters, WebRtcTransport } from 'mediasoup/types';
import type { RemoteEnd } from '../../src/media-peer.ts';
import { clientWorker } from './machine.ts';

/** Whoever publishes says what; whoever does not is sent all that is published. */
export interface RawRequest {
  readonly fingerprint: DtlsFingerprint;
  readonly tracks?: readonly { readonly kind: MediaKind; readonly rtpParameters: RtpParameters }[];
}

const worker = await createWorker({ workerBin: clientWorker(), logLevel: 'error' });
const webRtcServer = await worker.createWebRtcServer({
  listenInfos: [
    { protocol: 'udp', ip: '127.0.0.1' },
    { protocol: 'tcp', ip: '127.0.0.1' },
  ],
});
const router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS });
const producers: Producer[] = [];

const endOf = ({ iceParameters, iceCandidates, dtlsParameters }: WebRtcTransport): RemoteEnd => {
  const [candidate] = iceCandidates;
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
  if (!candidate || !fingerprint) throw new Error('a transport without an end');
  return { ...iceParameters, ip: candidate.ip, port: candidate.port, fingerprint };
};

const connect = async ({ fingerprint, tracks }: RawRequest): Promise<RemoteEnd> => {
  const transport = await router.createWebRtcTransport({ webRtcServer, initialAvailableOutgoingBitrate: 1_000_000 });
  await transport.connect({ dtlsParameters: { role: 'client', fingerprints: [fingerprint] } });
  for (const track of tracks ?? []) producers.push(await transport.produce(track));
  for (const { id: producerId } of tracks ? [] : producers) {
    await transport.consume({ producerId, rtpCapabilities: router.rtpCapabilities, enableRtx: true });
  }
  return endOf(transport);
};

const server = createServer((request, response) => {
  void json(request)
    .then((asked) => connect(asked as RawRequest))
    .then((end) => response.end(JSON.stringify(end)));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.once('disconnect', () => process.exit(0));
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, workerPid: worker.pid });
