import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson } from '../../core/json/canonical.ts';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { parseLargeJson, partsOf } from './large-json.ts';

/** In pieces of so many bytes. */
const chunksOf = async function* (text: string, bytes = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += bytes) yield await Promise.resolve(all.subarray(at, at + bytes));
};

const refused = (text: string): Promise<unknown> =>
  parseLargeJson(chunksOf(text)).then(
    () => 'read',
    (error: unknown) => error,
  );

describe('large answers', () => {
  it('are read as small ones are', async () => {
    const lists = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
      fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    );
    await fc.assert(
      fc.asyncProperty(lists, fc.constantFrom(0, 1, 2), fc.nat(40), async (object, indent, more) => {
        const text = JSON.stringify(object, undefined, indent);
        const read = await parseLargeJson(chunksOf(text, 1 + more));
        expect(JSON.stringify(read)).to.equal(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('keep how the numbers in them were written', async () => {
    const text = '{"pdus":[{"a":1.0,"b":[1e3]},{"a":12}],"n":7}';
    const events = (value: unknown) => (value as { pdus: never[] }).pdus.map((pdu) => canonicalJson(pdu, 'lenient'));
    expect(events(await parseLargeJson(chunksOf(text)))).to.eql(events(parseJson(text, { strict: false })));
  });

  for (const text of [
    '{"a":[1,2}',
    '{"a":[1 2]}',
    '{"a":[1,]}',
    '{"a":1,}',
    '{"a"}',
    '{"a":1}x',
    '{a:1}',
    '{"a":[{"b":"]}',
    '{"a":"\\"}',
    '{',
    '{"a":[tru]}',
    '{"a":[[1}]]}',
    '[1',
    '',
  ]) {
    // prettier-ignore
    it(`refuse ${JSON.stringify(text)}`, async () => expect(await refused(text)).to.be.instanceOf(InvalidJsonError));
  }

  it('that are no objects are refused', async () =>
    expect(await refused(' [1,{"a":2}]')).to.be.instanceOf(InvalidJsonError));

  it('are read part by part, and of lists that nobody wants nothing', async () => {
    const text = '{"a":[1,[2]],"b":{"c":[3]},"d":[],"e":[{"f":"]"},4]}';
    const parts = await Array.fromAsync(partsOf(chunksOf(text), (list) => list !== 'e'));
    expect(parts).to.eql([
      { key: 'a', kind: 'list' },
      { key: 'a', kind: 'item', value: 1, characters: 1 },
      { key: 'a', kind: 'item', value: [2], characters: 3 },
      { key: 'b', kind: 'member', value: { c: [3] }, characters: 9 },
      { key: 'd', kind: 'list' },
      { key: 'e', kind: 'list' },
    ]);
  });
});
