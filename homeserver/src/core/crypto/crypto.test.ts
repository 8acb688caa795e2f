import { readFileSync } from 'node:fs';
import { KeyId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { arbitraryObject } from '../../testing/arbitrary-json.ts';
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts';
import { InvalidKeyFileError, parseKeyFile, printKeyFile } from './key-file.ts';
import { signingKeyFromSeed, verifyKeyFrom, verifyKeyOf } from './keys.ts';
import { signedText, signJson, signText, verifySignature, verifyText } from './signing.ts';

interface SpecVectors {
  readonly signing_key_seed_b64: string;
  readonly key_id: string;
  readonly server_name: string;
  readonly signing: readonly { readonly kind: string; readonly input: JsonObject; readonly signed: JsonObject }[];
  readonly unpadded_base64: readonly (readonly [plain: string, encoded: string])[];
}

const vectorsUrl = new URL('../../../../spec/vectors/spec-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorsUrl, 'utf8')) as SpecVectors;
const specKey = signingKeyFromSeed(KeyId.parse(vectors.key_id), decodeBase64(vectors.signing_key_seed_b64)!);
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const keyId = KeyId.parse('ed25519:a_1');

describe('base64', () => {
  for (const [plain, encoded] of vectors.unpadded_base64) {
    it(`writes "${plain}" as "${encoded}", and reads it with padding or without`, () => {
      const padded = Buffer.from(plain).toString('base64');
      expect(encodeBase64(Buffer.from(plain))).to.equal(encoded);
      expect(decodeBase64(encoded)?.toString()).to.equal(plain);
      expect(decodeBase64(padded)?.toString()).to.equal(plain);
    });
  }

  it('keeps the two alphabets apart', () => {
    const bytes = Buffer.from([0xfb, 0xff]);
    expect(encodeBase64(bytes)).to.equal('+/8');
    expect(encodeBase64Url(bytes)).to.equal('-_8');
    expect(decodeBase64('-_8')).to.equal(undefined);
    expect(decodeBase64Url('+/8')).to.equal(undefined);
    expect(decodeBase64Url('-_8')).to.deep.equal(bytes);
  });

  for (const text of ['A', 'AAAAA', 'Zg!', 'Z g', 'Zg===']) {
    it(`refuses "${text}"`, () => expect(decodeBase64(text)).to.equal(undefined));
  }
});

describe('signing', () => {
  for (const { input, signed } of vectors.signing.filter(({ kind }) => kind === 'json')) {
    it(`signs ${JSON.stringify(input)} as the specification does`, () => {
      expect(signJson(input, vectors.server_name, specKey)).to.deep.equal(signed);
      expect(verifySignature(signed, vectors.server_name, verifyKeyOf(specKey))).to.equal(true);
    });
  }

  it('leaves the signatures of others and what is unsigned alone', () => {
    const object = {
      a: 1,
      unsigned: { age: 5 },
      signatures: { domain: { 'x:1': 'other' }, else: { 'ed25519:9': 's' } },
    };
    const signed = signJson(object, 'domain', specKey);
    expect(signed.unsigned).to.deep.equal({ age: 5 });
    expect(signed.signatures).to.have.nested.property('domain.x:1', 'other');
    expect(signed.signatures).to.have.nested.property('else.ed25519:9', 's');
    expect(verifySignature({ ...signed, unsigned: { age: 6 } }, 'domain', verifyKeyOf(specKey))).to.equal(true);
    expect(verifySignature({ ...signed, a: 2 }, 'domain', verifyKeyOf(specKey))).to.equal(false);
  });

  const malformed: [title: string, signatures: unknown][] = [
    ['none', undefined],
    ['a text', 'x'],
    ['another server only', { else: { 'ed25519:1': 'x' } }],
    ['an inherited name', { constructor: {} }],
    ['a number', { domain: { 'ed25519:1': 5 } }],
    ['not base64', { domain: { 'ed25519:1': '*' } }],
    ['too short', { domain: { 'ed25519:1': 'Zm9v' } }],
    ['64 zero bytes', { domain: { 'ed25519:1': encodeBase64(new Uint8Array(64)) } }],
  ];
  for (const [title, signatures] of malformed) {
    it(`finds no signature in ${title}`, () => {
      const object = { a: 1, signatures } as JsonObject;
      expect(verifySignature(object, 'domain', verifyKeyOf(specKey))).to.equal(false);
      expect(verifySignature(object, 'toString', verifyKeyOf(specKey))).to.equal(false);
    });
  }

  it('finds none on what has no canonical form', () => {
    const signed = signJson({ a: 1 }, 'domain', specKey);
    expect(verifySignature({ ...signed, a: 1.5 }, 'domain', verifyKeyOf(specKey))).to.equal(false);
  });

  it('agrees with NaCl, both ways', () => {
    fc.assert(
      fc.property(seeds, arbitraryObject, (seed, object) => {
        const key = signingKeyFromSeed(keyId, seed);
        const pair = nacl.sign.keyPair.fromSeed(seed);
        const message = Buffer.from(signedText(object));
        const theirs = encodeBase64(nacl.sign.detached(message, pair.secretKey));
        expect(signText(signedText(object), key)).to.equal(theirs);
        expect(verifyText(signedText(object), theirs, verifyKeyFrom(keyId, key.publicKey)!)).to.equal(true);
        expect(encodeBase64(pair.publicKey)).to.equal(key.publicKey);
      }),
      { numRuns: 20 },
    );
  });

  it('makes no key of what is none', () => {
    expect(verifyKeyFrom('ed25519:1', 'Zm9v')).to.equal(undefined);
    expect(verifyKeyFrom('ed25519:1', 'not base64 at all')).to.equal(undefined);
    expect(verifyKeyFrom('rsa:1', specKey.publicKey)).to.equal(undefined);
  });
});

describe('the signing key file', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const key = signingKeyFromSeed(keyId, seed);
        const [read] = parseKeyFile(printKeyFile([key]));
        expect(read).to.include({ keyId, publicKey: key.publicKey });
      }),
      { numRuns: 10 },
    );
  });

  it('may hold several keys and blank lines', () => {
    const line = `ed25519 a_1 ${encodeBase64(Buffer.alloc(32, 7))}`;
    const keys = parseKeyFile(`${line}\r\n\n${line.replace('a_1', 'b')}\n`);
    expect(keys.map((key) => key.keyId)).to.deep.equal(['ed25519:a_1', 'ed25519:b']);
    expect(printKeyFile(keys.slice(0, 1))).to.equal(`${line}\n`);
  });

  const secret = vectors.signing_key_seed_b64;
  for (const line of ['', 'x'].flatMap((end) => [
    `ed25519 a_1 Zm9v${end}`,
    `rsa a_1 ${secret}${end}`,
    `ed25519 ${secret}`,
  ])) {
    it(`refuses a line of the wrong form, without telling the secret (${line.slice(0, 12)})`, () => {
      expect(() => parseKeyFile(`\n${line}`))
        .to.throw(InvalidKeyFileError, 'line 2')
        .that.satisfies((error: Error) => !error.message.includes(secret));
    });
  }
});
