import { expect } from 'chai';
import { offerOf } from '../../../../testing/session-descriptions.ts';
import { iceFragmentOf, isSending, readSdp, ridsOf, SDP_LIMITS, sentTrackOf } from './read.ts';

const camera = { mid: '1', kind: 'video', track: 'cam', rids: ['f', 'h', 'q'] } as const;

describe('reading session descriptions', () => {
  const hostile: readonly [string, string, string][] = [
    ['nothing', '', 'not a session description'],
    ['something else', '{"type":"offer"}', 'not a session description'],
    ['a very long one', `v=0\r\n${'a=x\r\n'.repeat(100_000)}`, 'too long'],
    ['tens of thousands of short lines', `v=0\r\n${'a=x\r\n'.repeat(30_000)}`, 'too many sections'],
    ['a very long line', `${offerOf(camera)}a=fmtp:96 ${'x'.repeat(10_000)}\r\n`, 'too long'],
    ['thousands of sections', `v=0\r\n${'m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(5_000)}`, 'too many sections'],
    ['a section without name', offerOf(camera).replace('a=mid:1\r\n', ''), 'not a session description'],
    ['two sections of one name', offerOf(camera, camera), 'not a session description'],
    ['a section that is garbled', offerOf(camera).replace(/m=video.*/, 'm=video'), 'not a session description'],
    ['plain RTP', offerOf(camera).replace('UDP/TLS/RTP/SAVPF', 'RTP/AVP'), 'not WebRTC'],
    ['another kind of media', offerOf(camera).replace('m=video', 'm=text'), 'not WebRTC'],
    ['too many layers', offerOf({ ...camera, rids: ['a', 'b', 'c', 'd', 'e'] }), 'not WebRTC'],
    ['hundreds of extensions', `${offerOf(camera)}${'a=extmap:9 urn:x\r\n'.repeat(300)}`, 'not WebRTC'],
  ];
  for (const [name, sdp, why] of hostile) it(`refuses ${name}`, () => expect(readSdp(sdp)).to.equal(why));

  it('refuses quickly what is as large as a message may be', () => {
    const sdp = `v=0\r\n${'m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(10_000)}`;
    const startedAt = performance.now();
    for (let turn = 0; turn < 20; turn++) readSdp(sdp.slice(0, SDP_LIMITS.bytes));
    expect(performance.now() - startedAt).to.be.below(10_000);
  });

  it('says what is sent', () => {
    const session = readSdp(offerOf({ mid: '0', kind: 'audio', direction: 'inactive' }, camera));
    if (typeof session === 'string') throw new Error(session);
    const [silent, video] = session.media;
    expect([isSending(silent!), isSending(video!)]).to.eql([false, true]);
    expect(sentTrackOf(video!)).to.equal('cam');
    expect(ridsOf(video!)).to.eql(['f', 'h', 'q']);
    expect(iceFragmentOf(session)).to.equal('frag');
  });
});
