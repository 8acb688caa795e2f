import type { DtlsFingerprint, Router } from 'mediasoup/types';
import { MediaPeer, type RemoteEnd } from '../../src/media-peer.ts';
import { RtpSource, type StreamShape } from '../../src/rtp-source.ts';

/** Sends to mediasoup without signalling. */
export const publishRaw = async (url: string, router: Router, shapes: readonly StreamShape[]): Promise<RtpSource[]> => {
  const end = await MediaPeer.open(router);
  const sources: RtpSource[] = [];
  const tracks: object[] = [];
  for (const shape of shapes) {
    const source = await RtpSource.open(router, shape);
    const { id: producerId } = source.producer;
    const { kind, rtpParameters } = await end.transport.consume({
      producerId,
      rtpCapabilities: router.rtpCapabilities,
    });
    const { mid, codecs, encodings = [], headerExtensions = [] } = rtpParameters;
    // As in what is offered to a homeserver: no retransmissions.
    const ssrcs = encodings.slice(0, 1).flatMap(({ ssrc }) => (ssrc === undefined ? [] : [{ ssrc }]));
    const parameters = { mid, codecs: codecs.slice(0, 1), encodings: ssrcs, headerExtensions };
    tracks.push({ kind, rtpParameters: parameters });
    sources.push(source);
  }
  const asked: { fingerprint: DtlsFingerprint; tracks: object[] } = { fingerprint: end.fingerprint, tracks };
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(asked) });
  await end.connect((await answer.json()) as RemoteEnd);
  for (const source of sources) source.start();
  return sources;
};
