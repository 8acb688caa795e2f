import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Spool, TooLargeError } from './spool.ts';

const CHUNK = 10_000;

const source = async function* (bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK) {
    yield await Promise.resolve(
      Buffer.from(Array.from({ length: Math.min(CHUNK, bytes - at) }, (_, n) => (at + n) % 251)),
    );
  }
};
const allOf = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(chunks));

describe('a spool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holm-spool-'));
  after(() => rmSync(folder, { recursive: true }));
  const spoolOf = (bytes: number, maxBytes = bytes) => Spool.of(source(bytes), { folder, maxBytes });

  for (const bytes of [0, 1, 123_456, 2_345_678]) {
    it(`gives ${bytes} bytes as they came, as often as it is asked`, async () => {
      await using spool = await spoolOf(bytes);
      const came = await allOf(source(bytes));
      expect(spool.bytes).to.equal(bytes);
      for (let time = 0; time < 2; time++) expect((await allOf(spool.chunks())).equals(came)).to.equal(true);
      expect(readdirSync(folder)).to.eql([]);
    });
  }

  it('can be read by several at once', async () => {
    await using spool = await spoolOf(2_000_000);
    const [one, other] = await Promise.all([allOf(spool.chunks()), allOf(spool.chunks())]);
    expect(one.equals(other)).to.equal(true);
  });

  for (const bytes of [101, 2_000_000]) {
    it(`takes no more than it may, of ${bytes} bytes`, async () => {
      const failure = await spoolOf(bytes, bytes - 1).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(TooLargeError);
    });
  }

  it('gives what is short as a text', async () => {
    await using spool = await spoolOf(10);
    expect(spool.text).to.equal('\0\x01\x02\x03\x04\x05\x06\x07\b\t');
    await using long = await spoolOf(2_000_000);
    expect(() => long.text).to.throw('too long');
  });
});
