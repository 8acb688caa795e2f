import { expect } from 'chai';
import { byteRange } from './byte-range.ts';

describe('a part of a file', () => {
  const cases: readonly [header: string | undefined, size: number, part: unknown][] = [
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=2-4', 10, { start: 2, end: 4 }],
    ['bytes=2-', 10, { start: 2, end: 9 }],
    ['bytes=2-99', 10, { start: 2, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-99', 10, { start: 0, end: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    [undefined, 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=4-2', 10, undefined],
    ['bytes=0-1,4-5', 10, undefined],
    ['lines=0-1', 10, undefined],
    ['bytes=0x1-2', 10, undefined],
    ['bytes=9999999999999999999-', 10, undefined],
  ];
  for (const [header, size, part] of cases) {
    it(`${header} of ${size} bytes is ${JSON.stringify(part)}`, () => {
      expect(byteRange(header, size)).to.deep.equal(part);
    });
  }
});
