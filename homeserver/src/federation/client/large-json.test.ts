import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson } from '../../core/json/canonical.ts';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { parseLargeJson } from './large-json.ts';

const refused = (text: string): Promise<unknown> =>
  parseLargeJson(text).then(
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
      fc.asyncProperty(lists, fc.constantFrom(0, 1, 2), async (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        expect(JSON.stringify(await parseLargeJson(text))).to.equal(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('keep how the numbers in them were written', async () => {
    const text = '{"pdus":[{"a":1.0,"b":[1e3]},{"a":12}],"n":7}';
    const events = (value: unknown) => (value as { pdus: never[] }).pdus.map((pdu) => canonicalJson(pdu, 'lenient'));
    expect(events(await parseLargeJson(text))).to.eql(events(parseJson(text, { strict: false })));
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

  it('that are no objects are read, too', async () =>
    expect(await parseLargeJson(' [1,{"a":2}]')).to.eql([1, { a: 2 }]));
});
