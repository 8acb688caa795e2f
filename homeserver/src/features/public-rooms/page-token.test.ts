import { MatrixError } from '@holm/spec/errors';
import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { printFrom, readFrom } from './page-token.ts';

describe('tokens of the directory', () => {
  const place = { joined: 3, roomId: RoomId.parse('!ö:a.test') };

  it('say where a page begins, and which way it goes', () => {
    expect(readFrom(printFrom('back', place))).to.eql({ direction: 'back', after: place });
    expect(readFrom(printFrom('forward', place))).to.eql({ direction: 'forward', after: place });
  });

  it('may be absent', () => {
    for (const nothing of [undefined, '']) expect(readFrom(nothing)).to.eql({ direction: 'forward', after: undefined });
  });

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const bad of [
    'nonsense',
    encoded(null),
    encoded([2, 'back', 3, '!a:b']),
    encoded([1, 'up', 3, '!a:b']),
    encoded([1, 'back', 1e12, '!a:b']),
    encoded([1, 'back', 3, 'a']),
  ]) {
    it(`are refused when they are not ours: ${bad}`, () => {
      expect(() => readFrom(bad))
        .to.throw(MatrixError)
        .with.property('errcode', 'M_INVALID_PARAM');
    });
  }
});
