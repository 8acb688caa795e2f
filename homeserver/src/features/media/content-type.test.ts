import { expect } from 'chai';
import { mayBeInline, toContentType, UNKNOWN_TYPE } from './content-type.ts';

describe('types of files', () => {
  for (const type of ['image/png', 'text/plain; charset=utf-8', 'a/b;c="d e";f=g', 'application/vnd.x+json']) {
    it(`${type} is kept as it is`, () => expect(toContentType(type)).to.equal(type));
  }

  const bad = [
    undefined,
    '',
    'image',
    'image/',
    'a/b\r\nx: y',
    'a/b; c',
    'a/b; c="',
    'a/bü',
    `a/${'b'.repeat(300)}`,
    'a/b c',
  ];
  for (const type of bad) {
    it(`${String(type).slice(0, 30)} says nothing`, () => expect(toContentType(type)).to.equal(UNKNOWN_TYPE));
  }

  for (const type of ['image/png', 'TEXT/Plain; charset=utf-8', 'audio/x-flac']) {
    it(`${type} may be shown`, () => expect(mayBeInline(type)).to.equal(true));
  }
  for (const type of ['image/svg+xml', 'text/html', 'application/pdf', 'text/plain2', 'application/octet-stream']) {
    it(`${type} is only saved`, () => expect(mayBeInline(type)).to.equal(false));
  }
});
