import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { arbitraryJson } from '../../testing/arbitrary-json.ts';
import { canonicalJson, MAX_DEPTH, NotCanonicalError } from './canonical.ts';
import { InvalidJsonError, parseJson } from './parse.ts';

const loose = { strict: false };
const strict = { strict: true };

describe('parseJson', () => {
  const offences = [
    '1.0', '1e2', '1E2', '-0', '-0.0', '0.5', '9007199254740992', '-9007199254740992', '123456789012345678901234567890',
    '1e400', String.raw`"\ud800"`, String.raw`"\uDC00x"`, '{"a":1,"a":1}', String.raw`{"a":1,"\u0061":2}`,
  ]; // prettier-ignore
  for (const text of offences) {
    it(`refuses ${text} when strict, wherever it stands`, () => {
      for (const whole of [text, `[${text}]`, `[ 1, ${text} ]`, `{"a":${text}}`, `{"x": {"a" : ${text}}}`]) {
        expect(() => parseJson(whole, strict), whole).to.throw(InvalidJsonError);
      }
    });

    it(`reads ${text} otherwise, and leaves a mark that its hash would be wrong`, () => {
      const value = parseJson(`{"x":[{"a":${text}}]}`, loose);
      expect(value).to.have.nested.property('x[0].a');
      expect(() => canonicalJson(value)).to.throw(NotCanonicalError);
    });
  }

  const innocent = [
    '{"a":"12:30, 1.5 kg, \\"x\\":1.0, [-0"}', '["\\ud83d\\ude00"]', ' { "b" : 1 , "a" : [ ] } ', '{"10":1,"9":2}',
    '{"__proto__":1,"a":{"__proto__":{}}}', '[9007199254740991,-9007199254740991,0,-1]', '"\\u0000\\\\"', 'null',
    '{"a":{"x":1},"b":{"x":1}}', '{"key":"1:1.5","list":["-0"]}',
  ]; // prettier-ignore
  for (const text of innocent) {
    it(`takes ${text} as it is`, () => expect(parseJson(text, strict)).to.deep.equal(JSON.parse(text)));
  }

  const printed: [text: string, python: string][] = [
    ['1.0', '1.0'], ['1e2', '100.0'], ['1e10', '10000000000.0'], ['1e16', '1e+16'], ['-0', '0'], ['-0.0', '-0.0'],
    ['1.50', '1.5'], ['0.00001', '1e-05'], ['12345678901234567890123', '12345678901234567890123'],
    ['9007199254740993', '9007199254740993'], ['1.5E300', '1.5e+300'], ['0.0', '0.0'],
  ]; // prettier-ignore
  for (const [text, python] of printed) {
    it(`carries ${text} through to the hash as ${python}`, () => {
      const value = parseJson(`{"b":${text},"a":[${text}]}`, loose);
      expect(canonicalJson(value, 'lenient')).to.equal(`{"a":[${python}],"b":${python}}`);
    });
  }

  it('forgets the text of a number that a copy has replaced', () => {
    const value = parseJson('{"a":1.0,"b":1e2}', loose) as Record<string, Json>;
    expect(canonicalJson({ ...value, a: 5, b: 6 })).to.equal('{"a":5,"b":6}');
    expect(canonicalJson({ ...value, a: 5 }, 'lenient')).to.equal('{"a":5,"b":100.0}');
  });

  it('refuses duplicates in every room version, whichever number they hold', () => {
    const value = parseJson('{"a":1.0,"a":1}', loose);
    expect(value).to.deep.include({ a: 1 });
    expect(() => canonicalJson(value, 'lenient')).to.throw(NotCanonicalError);
  });

  for (const text of ['', '{', '{"a":}', '[1,]', "{'a':1}", 'NaN', '01', '"\u0001"']) {
    it(`refuses ${JSON.stringify(text)}, which is not JSON`, () => {
      expect(() => parseJson(text, loose)).to.throw(InvalidJsonError);
    });
  }

  it('refuses what is nested too deeply', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(() => parseJson(nested(MAX_DEPTH + 17), loose)).to.throw(InvalidJsonError, 'deeply');
    expect(() => parseJson(nested(100_000), loose)).to.throw(InvalidJsonError, 'deeply');
    expect(canonicalJson(parseJson(nested(MAX_DEPTH), strict))).to.equal(nested(MAX_DEPTH));
    expect(() => parseJson(`{"pdus":[${nested(MAX_DEPTH)}]}`, strict)).not.to.throw();
  });

  it('reads back everything that canonical JSON writes', () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(parseJson(canonicalJson(value), strict)).to.deep.equal(value);
        expect(parseJson(JSON.stringify(value, null, 1), strict)).to.deep.equal(value);
      }),
    );
  });
});
