import { expect } from 'chai';
import fc from 'fast-check';
import { filenameOf, printDisposition } from './disposition.ts';

describe('names of files in headers', () => {
  it('come back from what we write, and break no header', () => {
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter((name) => !name.includes('\0'));
    fc.assert(
      fc.property(names, (name) => {
        const header = printDisposition('attachment', name);
        expect(header).to.match(/^[\x20-\x7e]*$/);
        expect(filenameOf(header)).to.equal(name);
      }),
    );
  });

  const read: readonly [header: string | undefined, name: string | undefined][] = [
    ['inline; filename=plain.txt', 'plain.txt'],
    ['inline;filename="a b.txt"', 'a b.txt'],
    ['attachment; FileName="a \\"b\\".txt"', 'a "b".txt'],
    ["attachment; filename=old.txt; filename*=utf-8''n%C3%A9w.txt", 'néw.txt'],
    ["attachment; filename*=UTF-8'en'n%C3%A9w.txt; filename=old.txt", 'néw.txt'],
    ["attachment; filename*=utf-8''%ff; filename=old.txt", 'old.txt'],
    ['inline; filename="one"; filename="two"', 'one'],
    [`inline; filename="${Buffer.from('ü.txt').toString('latin1')}"`, 'ü.txt'],
    ['inline; filename="\xfc.txt"', '\xfc.txt'],
    ['inline', undefined],
    ['inline; filename=""', undefined],
    ['inline; other="filename=x"', undefined],
    ["inline; filename*=utf-8''a%00b", undefined],
    [`inline; filename="${'a'.repeat(1_001)}"`, undefined],
    [`inline; filename="${'\\'.repeat(9_000)}`, undefined],
    [undefined, undefined],
  ];
  for (const [header, name] of read) {
    it(`${header?.slice(0, 50)} names ${name}`, () => {
      expect(filenameOf(header)).to.equal(name);
    });
  }
});
