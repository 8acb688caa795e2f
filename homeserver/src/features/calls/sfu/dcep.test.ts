import { expect } from 'chai';
import fc from 'fast-check';
import { dcepOpen, labelOfDcepOpen } from './dcep.ts';

describe('opening data channels', () => {
  it('says how messages are delivered', () => {
    const reliable = dcepOpen('ab', { ordered: true });
    expect(reliable.toString('hex')).to.equal(`0300000000000000000200006162`);
    const lossy = dcepOpen('', { ordered: false, maxRetransmits: 0 });
    expect(lossy.toString('hex')).to.equal(`038100000000000000000000`);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (label) => {
        expect(labelOfDcepOpen(dcepOpen(label, { ordered: true }))).to.equal(label);
      }),
    );
  });

  it('is told from everything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const isOpen = bytes[0] === 3 && bytes.length >= 12;
        fc.pre(!isOpen);
        expect(labelOfDcepOpen(Buffer.from(bytes))).to.equal(undefined);
      }),
    );
    const cut = dcepOpen('a label', { ordered: true }).subarray(0, 15);
    expect(labelOfDcepOpen(cut)).to.equal(undefined);
  });
});
