import { expect } from 'chai';
import fc from 'fast-check';
import { piecesOf } from './pieces.ts';

describe('a long text in pieces', () => {
  it('is the same once it is encoded, and no piece is much longer than asked', async () => {
    const texts = fc.string({ unit: 'binary', maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const pieces = await Array.fromAsync(piecesOf(text, size));
        expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).equals(Buffer.from(text))).to.equal(true);
        for (const piece of pieces) expect(piece.length).to.be.within(1, size + 1);
      }),
    );
  });
});
