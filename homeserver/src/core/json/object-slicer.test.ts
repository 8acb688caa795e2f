import { expect } from 'chai';
import fc from 'fast-check';
import { ObjectSlicer, type Slice } from './object-slicer.ts';
import { InvalidJsonError } from './parse.ts';

/** In pieces of so many bytes. */
const slicesOf = (text: string, bytes: number, maxBytes = 1_000_000): Slice[] => {
  const slicer = new ObjectSlicer(maxBytes);
  const all = Buffer.from(text);
  const slices: Slice[] = [];
  for (let at = 0; at < all.length; at += bytes) slices.push(...slicer.push(all.subarray(at, at + bytes)));
  slicer.end();
  return slices;
};

describe('a large object in pieces', () => {
  it('is cut into its members and the items of its lists, wherever a piece ends', () => {
    const keys = fc.string({ unit: 'binary', maxLength: 4 }).filter((key) => key !== '__proto__');
    const objects = fc.dictionary(keys, fc.oneof(fc.array(fc.jsonValue({ stringUnit: 'binary' })), fc.jsonValue()));
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 1), fc.integer({ min: 1, max: 30 }), (object, indent, bytes) => {
        const rebuilt: Record<string, unknown> = {};
        for (const { key, kind, text } of slicesOf(JSON.stringify(object, undefined, indent), bytes)) {
          if (kind === 'list') rebuilt[key] = [];
          else if (kind === 'item') (rebuilt[key] as unknown[]).push(JSON.parse(text));
          else rebuilt[key] = JSON.parse(text);
        }
        expect(JSON.stringify(rebuilt)).to.equal(JSON.stringify(object));
      }),
    );
  });

  it('holds no value that is longer than it may be', () => {
    const text = JSON.stringify({ a: ['x'.repeat(95)] });
    expect(slicesOf(text, 10, 97).length).to.equal(2);
    expect(() => slicesOf(text, 10, 96)).to.throw(InvalidJsonError, 'too long');
  });

  it('has backslashes outside of strings refused by whoever reads the value', () => {
    const [, item] = slicesOf('{"a":[{\\"b":1}]}', 100);
    expect(() => JSON.parse(item!.text)).to.throw();
  });
});
