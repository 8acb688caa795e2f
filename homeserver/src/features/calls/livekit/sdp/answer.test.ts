import { expect } from 'chai';
import fc from 'fast-check';
import { generateRouterRtpCapabilities } from 'mediasoup/ortc';
import * as sdpTransform from 'sdp-transform';
import { type OfferedSection, offerOf } from '../../../../testing/session-descriptions.ts';
import { MEDIA_CODECS } from '../../media/codecs.ts';
import { type LocalEnd, PublisherAnswers, type Taking } from './publisher-answer.ts';
import { midOf, readSdp } from './read.ts';
import { rtpOf } from './rtp.ts';

const capabilities = generateRouterRtpCapabilities(MEDIA_CODECS);
const end: LocalEnd = {
  iceParameters: { usernameFragment: 'ours', password: 'secret', iceLite: true },
  iceCandidates: [
    {
      foundation: 'udp',
      priority: 1,
      address: '192.0.2.7',
      ip: '192.0.2.7',
      protocol: 'udp',
      port: 7_882,
      type: 'host',
    },
  ],
  dtlsParameters: { role: 'auto', fingerprints: [{ algorithm: 'sha-256', value: 'CC:DD' }] },
  sctpParameters: { port: 5_000, OS: 1_024, MIS: 1_024, maxReceiveMessageSize: 65_536 } as never,
};

const audio: OfferedSection = { mid: '0', kind: 'audio', track: 'mic' };
const video: OfferedSection = { mid: '1', kind: 'video', track: 'cam', rids: ['f', 'h', 'q'] };
const data: OfferedSection = { mid: '2', kind: 'application' };

const read = (...sections: readonly OfferedSection[]) => {
  const session = readSdp(offerOf(...sections));
  if (typeof session === 'string') throw new Error(session);
  return session;
};
const all = (codec?: string) => (): Taking => ({ codec, stereo: false, dtx: true });
const sectionsOf = (sdp: string) => sdpTransform.parse(sdp).media;

describe('what is made of a section', () => {
  const rtp = (section: OfferedSection, codec?: string) => rtpOf(read(section).media[0]!, capabilities, codec);

  it('is the codec asked for, with its retransmissions', () => {
    expect(rtp(video, 'vp8')!.sent.codecs.map(({ payloadType }) => payloadType)).to.eql([96, 97]);
    expect(rtp(video, 'H264')!.taken.codecs.map(({ mimeType }) => mimeType)).to.eql(['video/H264']);
  });

  it('is the first that both know, where that one is not', () => {
    expect(rtp(video, 'av1')!.sent.codecs[0]!.mimeType).to.equal('video/VP8');
    expect(rtp(video)!.sent.codecs[0]!.mimeType).to.equal('video/VP8');
  });

  it('sorts layers from the smallest on', () => {
    expect(rtp(video, 'vp8')!.sent.encodings!.map(({ rid }) => rid)).to.eql(['q', 'h', 'f']);
  });

  it('takes VP9 as one stream of layers', () => {
    const { sent } = rtp({ ...video, rids: [] }, 'vp9')!;
    expect(sent.encodings).to.eql([{ ssrc: 1_001, scalabilityMode: 'L3T3_KEY' }]);
  });

  it('keeps the extensions of its own kind', () => {
    const uris = rtp(video)!.sent.headerExtensions!.map(({ uri }) => uri.split(/[:/]/).at(-1));
    expect(uris).to.include.members(['mid', 'rtp-stream-id']);
  });

  it('is nothing where both sides have no codec in common, or nothing is sent', () => {
    const foreign = readSdp(offerOf(audio).replaceAll('opus', 'g722')) as ReturnType<typeof read>;
    expect(rtpOf(foreign.media[0]!, capabilities, undefined)).to.equal(undefined);
    const mute = readSdp(offerOf(audio).replace(/a=ssrc.*\r\n/, '')) as ReturnType<typeof read>;
    expect(rtpOf(mute.media[0]!, capabilities, undefined)).to.equal(undefined);
  });
});

describe('answers to those who publish', () => {
  it('take what is sent', () => {
    const { sdp, sending, hasData } = new PublisherAnswers().answer(read(audio, video, data), end, capabilities, all());
    expect([...sending.keys()]).to.eql(['0', '1']);
    expect(hasData).to.equal(true);
    const [mic, cam, messages] = sectionsOf(sdp);
    expect([mic!.direction, cam!.direction]).to.eql(['recvonly', 'recvonly']);
    expect(cam!.simulcast).to.eql({ dir1: 'recv', list1: 'f;h;q' });
    expect(cam!.rtp.map(({ codec }) => codec)).to.eql(['VP8', 'rtx']);
    expect(mic!.fmtp[0]!.config).to.contain('usedtx=1').and.contain('stereo=0');
    expect(messages!.sctpPort).to.equal(5_000);
  });

  it('leave alone what nobody announced, and say how to connect all the same', () => {
    const { sdp, sending } = new PublisherAnswers().answer(read(video, data), end, capabilities, () => undefined);
    expect(sending.size).to.equal(0);
    const [silent] = sectionsOf(sdp);
    expect(silent!.direction).to.equal('inactive');
    expect(silent!.candidates).to.have.length(1);
    expect([silent!.iceUfrag, silent!.setup]).to.eql(['ours', 'passive']);
  });

  it('keep the codecs of what falls silent', () => {
    const answers = new PublisherAnswers();
    const first = answers.answer(read(audio, video), end, capabilities, all());
    const second = answers.answer(read(audio, { ...video, direction: 'inactive', rids: [] }), end, capabilities, all());
    const [before, after] = [sectionsOf(first.sdp)[1]!, sectionsOf(second.sdp)[1]!];
    expect(after.direction).to.equal('inactive');
    expect(after.rtp).to.eql(before.rtp);
    expect(after.payloads).to.equal(before.payloads);
    expect(after.simulcast).to.equal(undefined);
  });

  it('speak of a connection that began anew in all sections', () => {
    const answers = new PublisherAnswers();
    answers.answer(read(audio, video, data), end, capabilities, all());
    const anew = { ...end, iceParameters: { ...end.iceParameters, usernameFragment: 'anew' } };
    const offer = read(audio, { ...video, direction: 'inactive' }, data);
    const { sdp } = answers.answer(offer, anew, capabilities, all());
    expect(sectionsOf(sdp).map(({ iceUfrag }) => iceUfrag)).to.eql(['anew', 'anew', 'anew']);
  });

  it('have the sections of the offer in their order, whatever it is', () => {
    const section = fc.record({
      kind: fc.constantFrom('audio', 'video', 'application'),
      direction: fc.constantFrom('sendonly', 'recvonly', 'inactive'),
      port: fc.constantFrom(9, 0),
    });
    const answers = new PublisherAnswers();
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 8 }), fc.nat(7), (wanted, unknown) => {
        const sections = wanted.map((each, index) => ({ ...each, mid: String(index) }));
        const offer = read(...sections);
        const { sdp } = answers.answer(offer, end, capabilities, (each) =>
          midOf(each) === String(unknown) ? undefined : all()(),
        );
        const answered = sectionsOf(sdp);
        expect(answered.map(({ type, mid }) => [type, String(mid)])).to.eql(
          sections.map(({ kind, mid }) => [kind, mid]),
        );
        expect(answered.map(({ port }) => port === 0)).to.eql(sections.map(({ port }) => port === 0));
      }),
    );
  });
});
