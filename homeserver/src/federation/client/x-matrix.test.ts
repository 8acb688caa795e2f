import { expect } from 'chai';
import fc from 'fast-check';
import { KeyId, ServerName } from '@holm/spec/ids';
import { canonicalJson } from '../../core/json/canonical.ts';
import { parseXMatrix, printXMatrix, requestText } from './x-matrix.ts';

const a = ServerName.parse('a.example:8448');
const b = ServerName.parse('b.example');

describe('the X-Matrix header', () => {
  const accepted: readonly (readonly [string, string])[] = [
    ['as this server writes it', 'X-Matrix origin="a.example:8448",destination="b.example",key="ed25519:k",sig="AB+/"'],
    ['unquoted, with colons', 'X-Matrix origin=a.example:8448,destination=b.example,key=ed25519:k,sig=AB+/'],
    [
      'in another order and case',
      'x-matrix KEY="ed25519:k",Sig="AB+/",Destination="b.example",ORIGIN="a.example:8448"',
    ],
    ['with spaces', 'X-Matrix   origin="a.example:8448" , destination = "b.example",  key="ed25519:k", sig="AB+/" '],
    ['with backslashes', 'X-Matrix origin="a.example\\:8448",destination="b\\.example",key="ed25519:k",sig="AB+\\/"'],
    [
      'with unknown parameters',
      'X-Matrix origin=a.example:8448,x="a,b=c",destination=b.example,key=ed25519:k,sig=AB+/',
    ],
  ];
  for (const [title, header] of accepted) {
    it(`is read ${title}`, () =>
      expect(parseXMatrix(header)).to.eql({ origin: a, destination: b, key: 'ed25519:k', signature: 'AB+/' }));
  }

  it('may leave out the destination', () =>
    expect(parseXMatrix('X-Matrix origin=b.example,key=ed25519:k,sig=x')?.destination).to.equal(undefined));

  const refused: readonly string[] = [
    '',
    'Bearer abc',
    'X-Matrix',
    'X-Matrix origin=a.example',
    'X-Matrix origin=a.example,key=ed25519:k',
    'X-Matrix origin=,key=ed25519:k,sig=x',
    'X-Matrix origin=a_b,key=ed25519:k,sig=x',
    'X-Matrix origin=a.example,key=rsa:k,sig=x',
    'X-Matrix origin=a.example,origin=b.example,key=ed25519:k,sig=x',
    'X-Matrix origin="a.example,key=ed25519:k,sig=x',
    'X-Matrix origin=a.example,destination="not a name",key=ed25519:k,sig=x',
    'X-Matrix origin=a.example key=ed25519:k sig=x',
  ];
  for (const header of refused) {
    it(`is not read: ${header}`, () => expect(parseXMatrix(header)).to.equal(undefined));
  }

  it('never throws and takes no time', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseXMatrix(`X-Matrix ${text}`)));
    expect(parseXMatrix(`X-Matrix ${'a="\\'.repeat(20_000)}`)).to.equal(undefined);
  });

  it('is read as it was written', () => {
    const header = { origin: a, destination: b, key: KeyId.parse('ed25519:k_1'), signature: 'A/+b' };
    expect(parseXMatrix(printXMatrix(header))).to.eql(header);
  });
});

describe('the text that a request is signed over', () => {
  const request = { method: 'PUT', uri: '/a?b="c"', origin: a, destination: b };

  it('is canonical JSON', () => {
    const content = { b: [1, 'é'], a: {} };
    expect(requestText({ ...request, content: canonicalJson(content) })).to.equal(
      canonicalJson({ ...request, content }),
    );
  });

  it('has no content without a body, and no destination where none was given', () => {
    expect(requestText({ ...request, content: undefined })).to.equal(canonicalJson({ ...request }));
    expect(requestText({ ...request, destination: undefined, content: undefined })).to.equal(
      canonicalJson({ method: 'PUT', uri: '/a?b="c"', origin: a }),
    );
  });
});
