import { expect } from 'chai';
import fc from 'fast-check';
import { decoderFor } from './charset.ts';
import { PageReader } from './page-words.ts';
import { previewUrl } from './preview-url.ts';

const read = (html: string, step = 5) => {
  const reader = new PageReader();
  for (let at = 0; at < html.length && !reader.isDone; at += step) reader.read(html.slice(at, at + step));
  const { words, pictures } = reader.end();
  return { ...Object.fromEntries(words), pictures };
};

describe('what a page says of itself', () => {
  it('is OpenGraph first, then what others look at, then its title', () => {
    const og = '<meta property="og:title" content="Tea &amp; Cake"><meta property="og:site_name" content="Shop">';
    const twitter = '<meta name="twitter:title" content="Tweet"><meta name="twitter:description" content="Short">';
    const plain = '<title>Plain</title><meta name="description" content="Long">';
    expect(read(`<html><head>${plain}${twitter}${og}</head>`)).to.deep.equal({
      'og:title': 'Tea & Cake',
      'og:site_name': 'Shop',
      'og:description': 'Short',
      pictures: [],
    });
    expect(read(`<head>${twitter}${plain}</head>`)).to.include({ 'og:title': 'Tweet' });
    expect(read(plain)).to.deep.equal({ 'og:title': 'Plain', 'og:description': 'Long', pictures: [] });
    expect(read('')).to.deep.equal({ pictures: [] });
  });

  it('names pictures, the best first, and nothing of them gets out but by us', () => {
    const html = `<meta property="og:image" content=" /a.png "><meta property="og:image:width" content="5">
      <meta property="og:image:secure_url" content="https://b"><link rel="image_src" href="c"><meta name="twitter:image" content="d">`;
    expect(read(html)).to.deep.equal({ pictures: ['/a.png', 'https://b', 'c', 'd'] });
  });

  it('is one line without what is not to be seen, and not without end', () => {
    expect(read('<title> two\n\tlines\u0000\u0007 </title>')).to.include({ 'og:title': 'two lines' });
    const long = read(`<meta property="og:title" content="${'💥'.repeat(5_000)}">`);
    expect((long as Record<string, unknown>)['og:title']).to.have.length(2_000);
    const many = Array.from({ length: 500 }, (_, index) => `<meta property="og:x${index}" content="y">`).join('');
    expect(Object.keys(read(many))).to.have.length.at.most(42);
    expect(read('<title>one</title><title>two</title>')).to.include({ 'og:title': 'one' });
  });

  it('ends with the head', () => {
    expect(read('<head></head><body><meta property="og:title" content="no">')).to.deep.equal({ pictures: [] });
    expect(read('<body><title>no</title>', 6)).to.deep.equal({ pictures: [] });
  });

  it('can be anything', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void read(`<head><meta ${text}`)));
  });

  it('is in the letters that its header or it itself names', () => {
    const latin = Buffer.from('<meta charset="iso-8859-1"><title>\xfc</title>', 'latin1');
    expect(decoderFor('text/html', latin).decode(latin)).to.contain('ü');
    expect(decoderFor('text/html; charset=utf-8', latin).encoding).to.equal('utf-8');
    expect(decoderFor('text/html; charset=nonsense', latin).encoding).to.equal('windows-1252');
    expect(decoderFor('', Buffer.alloc(0)).encoding).to.equal('utf-8');
  });

  const bad = [
    '',
    'x',
    '/x',
    'ftp://a.test/',
    'file:///etc/passwd',
    'javascript:1',
    'data:text/html,x',
    `http://a/${'a'.repeat(2_000)}`,
  ];
  for (const raw of bad) {
    it(`${raw.slice(0, 30)} is no page`, () => expect(previewUrl(raw, [])).to.deep.equal({ refused: 'no address' }));
  }
  for (const raw of ['http://user@a.test/', 'http://:password@a.test/', 'https://sub.Bad.test/x', 'http://bad.test']) {
    it(`${raw} is not shown`, () =>
      expect(previewUrl(raw, ['*.bad.test', 'bad.test'])).to.deep.equal({ refused: 'not shown' }));
  }
  it('is found without what is behind the hash', () => {
    const asked = previewUrl('HTTP://A.test:80/x?y#z', ['b.test']);
    expect('url' in asked && asked.url.href).to.equal('http://a.test/x?y');
  });
});
