import { expect } from 'chai';
import { readAnswer, type ReadAnswer } from './read-answer.ts';

const connection = [
  'a=ice-ufrag:frag',
  'a=ice-pwd:0123456789012345678901',
  'a=fingerprint:sha-256 AA:BB',
  'a=setup:active',
];
const section = (mid: number, port = 9, more: readonly string[] = connection) =>
  [`m=audio ${port} UDP/TLS/RTP/SAVPF 111`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, ...more, 'a=recvonly'].join('\r\n');
const answerOf = (...sections: readonly string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', ...sections, ''].join('\r\n');
const read = (sdp: string): ReadAnswer => {
  const answer = readAnswer(sdp);
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
};

describe('an answer of a client', () => {
  it('says which sections are taken, and how the connection is encrypted', () => {
    const { open, dtls } = read(answerOf(section(0, 0), section(1), section(2, 0), section(3)));
    expect([...open]).to.eql(['1', '3']);
    expect(dtls()).to.eql({ role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }] });
  });

  it('may say so once for all', () => {
    const whole = ['v=0', 's=-', 'a=fingerprint:sha-256 CC:DD', section(0, 9, ['a=ice-ufrag:f', 'a=setup:active'])];
    expect(read(whole.join('\n')).dtls().fingerprints).to.eql([{ algorithm: 'sha-256', value: 'CC:DD' }]);
  });

  it('may be about hundreds of people', () => {
    const many = Array.from({ length: 600 }, (_, mid) => section(mid));
    expect(read(answerOf(...many)).open.size).to.equal(600);
  });

  it('is refused where it is none, or has no end', () => {
    expect(readAnswer('nonsense')).to.equal('not a session description');
    expect(readAnswer(`v=0\r\n${'a=x\r\n'.repeat(300_000)}`)).to.equal('too long');
    expect(() => read('v=0').dtls()).to.throw();
    expect(() => read(answerOf(section(0, 9, []))).dtls()).to.throw();
  });
});
