import { expect } from 'chai';
import fc from 'fast-check';
import { linkify } from './links.ts';

const linksIn = (text: string) => linkify(text).flatMap(({ href, text: shown }) => (href === undefined ? [] : [shown]));

describe('links in a message', () => {
  const cases: readonly [string, string[]][] = [
    ['no links here', []],
    ['see https://example.org/a?b=c#d now', ['https://example.org/a?b=c#d']],
    ['(https://example.org/a).', ['https://example.org/a']],
    ['https://example.org/a_(b)!', ['https://example.org/a_(b)']],
    ['http://a.org and https://b.org', ['http://a.org', 'https://b.org']],
    ['<https://a.org>', ['https://a.org']],
    ['javascript:alert(1) data:text/html,x file:///etc', []],
    ['https://', []],
  ];
  for (const [text, links] of cases) it(text, () => expect(linksIn(text)).to.deep.equal(links));

  it('loses no character and never links to anything but the web', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('https://a.org', 'http://', 'javascript:', ')', '(', '. '));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const segments = linkify(text);
        expect(segments.map((segment) => segment.text).join('')).to.equal(text);
        for (const { href } of segments) if (href !== undefined) expect(href).to.match(/^https?:\/\//);
      }),
    );
  });
});
