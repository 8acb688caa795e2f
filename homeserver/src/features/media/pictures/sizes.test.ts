import { expect } from 'chai';
import fc from 'fast-check';
import { sizeIn, variantKey, variantOf } from './sizes.ts';

const side = fc.integer({ min: 1, max: 5_000 });
const wish = fc.record({ width: side, height: side, method: fc.constantFrom('crop' as const, 'scale' as const) });

describe('sizes of pictures', () => {
  const kept: readonly [width: number, height: number, method: 'crop' | 'scale', key: string][] = [
    [1, 1, 'scale', '32x32 scale'],
    [32, 32, 'crop', '32x32 crop'],
    [96, 96, 'crop', '96x96 crop'],
    [33, 20, 'scale', '96x96 scale'],
    [320, 240, 'scale', '320x240 scale'],
    [240, 320, 'scale', '640x480 scale'],
    [640, 480, 'scale', '640x480 scale'],
    [800, 600, 'scale', '800x600 scale'],
    [801, 600, 'scale', '1600x1200 scale'],
    [100, 50, 'crop', '160x80 crop'],
    [50, 100, 'crop', '80x160 crop'],
    [1_601, 1, 'scale', '65535x65535 scale'],
    [1_601, 1, 'crop', '65535x65535 scale'],
  ];
  for (const [width, height, method, key] of kept) {
    it(`${width}x${height} ${method} is served by ${key}`, () => {
      expect(variantKey(variantOf({ width, height, method }))).to.equal(key);
    });
  }

  it('are at least those that were asked for', () => {
    fc.assert(
      fc.property(wish, ({ width, height, method }) => {
        const variant = variantOf({ width, height, method });
        expect(variant.width).to.be.at.least(width);
        expect(variant.height).to.be.at.least(height);
      }),
    );
  });

  it('never grow; scaled ones keep their proportions and fit; cut ones have those asked for', () => {
    fc.assert(
      fc.property(wish, side, side, (asked, width, height) => {
        const variant = variantOf(asked);
        const size = sizeIn(variant, { width, height });
        if (!size) return;
        expect(size.width).to.be.within(1, Math.min(width, variant.width));
        expect(size.height).to.be.within(1, Math.min(height, variant.height));
        if (variant.method === 'scale') {
          expect(size.width === variant.width || size.height === variant.height).to.equal(true);
          expect(Math.abs(size.width / width - size.height / height)).to.be.at.most(1 / Math.min(width, height));
        } else if (width >= variant.width && height >= variant.height) {
          expect(size).to.deep.equal({ width: variant.width, height: variant.height });
        }
      }),
    );
  });

  it('stay as they are where they are small enough', () => {
    expect(sizeIn(variantOf({ width: 96, height: 96 }), { width: 96, height: 10 })).to.equal(undefined);
    expect(sizeIn(variantOf({ width: 96, height: 96 }), { width: 97, height: 10 })).to.deep.equal({
      width: 96,
      height: 10,
    });
  });
});
