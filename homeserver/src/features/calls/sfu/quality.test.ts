import { expect } from 'chai';
import fc from 'fast-check';
import {
  type LayerSize,
  type Quality,
  type Wish,
  highestWanted,
  spatialLayerFor,
  temporalLayerFor,
} from './quality.ts';

const layer = (quality: Quality, width: number, height: number): LayerSize => ({ quality, width, height, bitrate: 0 });
const wide = [layer(0, 320, 180), layer(1, 640, 360), layer(2, 1280, 720)];
const tall = [layer(0, 180, 320), layer(1, 360, 640), layer(2, 720, 1280)];
const two = [layer(0, 320, 180), layer(2, 1280, 720)];
const wants = (width: number, height: number): Wish => ({ isEnabled: true, size: { width, height } });

describe('the layer that is sent', () => {
  const cases: readonly [string, Wish, readonly LayerSize[], number][] = [
    ['the best, where nothing is said', { isEnabled: true }, wide, 2],
    ['the smallest that fills its place', wants(300, 170), wide, 0],
    ['the next, where the smallest would be stretched', wants(400, 225), wide, 1],
    ['a layer a little too small', wants(660, 375), wide, 1],
    ['the best, where none is large enough', wants(1920, 1080), wide, 2],
    ['by height, in a square place', wants(360, 360), wide, 1],
    ['by width, of a video held upright', wants(350, 1000), tall, 1],
    ['of the quality asked for', { isEnabled: true, quality: 1 }, wide, 1],
    ['the one below, where there is none of that quality', { isEnabled: true, quality: 1 }, two, 0],
    ['the only one', wants(10, 10), [layer(2, 640, 480)], 0],
    ['the quality itself, where no layers were described', { isEnabled: true, quality: 1 }, [], 1],
  ];
  for (const [name, wish, layers, expected] of cases) {
    it(name, () => expect(spatialLayerFor(wish, layers)).to.equal(expected));
  }

  it('grows with its place on the screen', () => {
    const side = fc.integer({ min: 1, max: 3_000 });
    fc.assert(
      fc.property(side, side, side, (width, height, more) => {
        const before = spatialLayerFor(wants(width, height), wide);
        expect(spatialLayerFor(wants(width, height + more), wide)).to.be.at.least(before);
      }),
    );
  });

  it('has fewer frames for who wants fewer', () => {
    const rates = [undefined, 30, 20, 15, 10, 7.5, 1];
    const layers = rates.map((rate) => temporalLayerFor({ isEnabled: true, ...(rate && { framesPerSecond: rate }) }));
    expect(layers).to.eql([2, 2, 2, 1, 1, 0, 0]);
  });
});

describe('the highest layer that anybody wants', () => {
  it('is none, where nobody looks', () => {
    expect(highestWanted([], wide)).to.equal(-1);
    expect(highestWanted([{ isEnabled: false }], wide)).to.equal(-1);
  });

  it('is that of the largest place', () => {
    expect(highestWanted([wants(300, 170), wants(640, 360), { isEnabled: false }], wide)).to.equal(1);
  });
});
