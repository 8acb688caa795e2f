import { expect } from 'chai';
import fc from 'fast-check';
import { boundaryOf, MultipartError, readMultipart, writeMultipart } from './multipart.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (bytes: Buffer, boundary: string, size = 7) => {
  const parts: { headers: Record<string, string>; body: Buffer }[] = [];
  for await (const { headers, body } of readMultipart(pieces(bytes, size), boundary)) {
    parts.push({ headers: Object.fromEntries(headers), body: Buffer.concat(await Array.fromAsync(body)) });
  }
  return parts;
};

describe('answers in parts', () => {
  it('are read as they were written, however they are cut and whatever is in them', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('\r\n--', '--x', '\r\n\r\n', '\r').map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 50 }), async (bytes, size) => {
        const headers = { 'Content-Type': 'image/png', 'Content-Disposition': 'inline; filename="a"' };
        const written = writeMultipart('boundary', {
          headers,
          size: bytes.length,
          body: pieces(Buffer.from(bytes), 9),
        });
        const whole = Buffer.concat(await Array.fromAsync(written.chunks()));
        expect(whole.length).to.equal(written.size);
        // Servers made with Ruma look for the line break before the first boundary, too.
        expect(whole.indexOf('\r\n--boundary\r\n')).to.equal(0);
        const [first, second, ...rest] = await read(whole, 'boundary', size);
        expect(first).to.deep.equal({ headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') });
        expect(second!.headers).to.deep.equal({
          'content-type': 'image/png',
          'content-disposition': 'inline; filename="a"',
        });
        expect(second!.body.equals(Buffer.from(bytes))).to.equal(true);
        expect(rest).to.deep.equal([]);
      }),
    );
  });

  it('may have a preamble, padding, folded headers, parts without headers, and an end that is not read', async () => {
    const text = 'preamble\r\n--b  \r\n\r\none\r\n--b\r\nA: 1\r\n  2\r\nB:3\r\n\r\ntwo\r\n--b--\r\nepilogue\r\n--b\r\n';
    expect(await read(Buffer.from(text), 'b')).to.deep.equal([
      { headers: {}, body: Buffer.from('one') },
      { headers: { a: '1 2', b: '3' }, body: Buffer.from('two') },
    ]);
  });

  const lies: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['no boundary', 'hello'],
    ['another boundary', '--c\r\n\r\nx\r\n--c--'],
    ['no end', '--b\r\n\r\nx'],
    ['headers without end', `--b\r\n${'a: b\r\n'.repeat(10_000)}`],
    ['a long preamble', `${'x'.repeat(100_000)}\r\n--b\r\n\r\nx\r\n--b--`],
    ['something behind the boundary', '--bb\r\n\r\nx\r\n--b--'],
    ['an end in the middle of a boundary', '--b\r\n\r\nx\r\n--b'],
  ];
  for (const [what, text] of lies) {
    it(`with ${what} are refused`, async () => {
      const failure: unknown = await read(Buffer.from(text), 'b', 1_000).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(MultipartError);
    });
  }

  it('name their boundary', () => {
    expect(boundaryOf('multipart/mixed; boundary=abc')).to.equal('abc');
    expect(boundaryOf('Multipart/Mixed; charset=x; boundary="a b"')).to.equal('a b');
    for (const no of [
      undefined,
      'multipart/form-data; boundary=a',
      'multipart/mixed',
      `multipart/mixed; boundary=${'a'.repeat(71)}`,
      'text/plain',
    ]) {
      expect(boundaryOf(no), no).to.equal(undefined);
    }
  });
});
