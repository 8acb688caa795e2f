import { expect } from 'chai';
import type { Consumer } from 'mediasoup/types';
import * as sdpTransform from 'sdp-transform';
import { SubscriberOffers } from './subscriber-offer.ts';

const consumer = (mid: string, kind: 'audio' | 'video'): Consumer => {
  const codec = { mimeType: kind === 'audio' ? 'audio/opus' : 'video/VP8', payloadType: 100, clockRate: 90_000 };
  const rtpParameters = {
    mid,
    codecs: [{ ...codec, parameters: {}, rtcpFeedback: [] }],
    headerExtensions: [],
    encodings: [{ ssrc: 1 }],
    rtcp: { cname: 'c' },
  };
  return { kind, rtpParameters } as unknown as Consumer;
};

const open = () =>
  new SubscriberOffers({
    iceParameters: { usernameFragment: 'ours', password: 'secret', iceLite: true },
    iceCandidates: [],
    dtlsParameters: { role: 'auto', fingerprints: [{ algorithm: 'sha-256', value: 'CC:DD' }] },
    sctpParameters: { port: 5_000, OS: 1_024, MIS: 1_024 } as never,
  });

const sections = (offers: SubscriberOffers) => {
  const { media, origin } = sdpTransform.parse(offers.next());
  return {
    version: origin.sessionVersion,
    shown: media.map(({ type, mid, port }) => `${type} ${mid} ${port && 'open'}`),
  };
};
const shown = { streamId: 'PA_1|camera', trackId: 'TR_1' };

describe('offers to those who subscribe', () => {
  it('have the data channels from the start, and grow', () => {
    const offers = open();
    expect(sections(offers).shown).to.eql(['application datachannel open']);
    offers.add(consumer('0', 'audio'), shown);
    offers.add(consumer('1', 'video'), shown);
    expect(sections(offers).shown.slice(1)).to.eql(['audio 0 open', 'video 1 open']);
  });

  it('name stream and track', () => {
    const offers = open();
    offers.add(consumer('0', 'audio'), shown);
    expect(offers.next()).to.contain('a=msid:PA_1|camera TR_1').and.contain('a=setup:actpass');
  });

  it('use a section again for the same kind only', () => {
    const offers = open();
    const video = consumer('0', 'video');
    offers.add(video, shown);
    offers.remove(video);
    expect(sections(offers).shown[1]).to.equal('video 0 0');
    offers.add(consumer('1', 'audio'), shown);
    offers.add(consumer('2', 'video'), shown);
    expect(sections(offers).shown.slice(1)).to.eql(['video 2 open', 'audio 1 open']);
  });

  it('are each newer than the one before', () => {
    const offers = open();
    expect(sections(offers).version).to.be.below(sections(offers).version);
  });

  it('carry the new connection everywhere', () => {
    const offers = open();
    offers.add(consumer('0', 'video'), shown);
    offers.restartIce({ usernameFragment: 'anew', password: 'other', iceLite: true });
    const { media } = sdpTransform.parse(offers.next());
    expect(media.map(({ iceUfrag }) => iceUfrag)).to.eql(['anew', 'anew']);
  });
});
