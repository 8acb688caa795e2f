import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { inOrder, readChild, type SpaceChild, viaOf } from './space-child.ts';

const raw = (state_key: string, at: number, content: JsonObject = {}): JsonObject => ({
  type: 'm.space.child',
  state_key,
  sender: '@a:a.test',
  origin_server_ts: at,
  content: { via: ['a.test'], ...content },
});
const child = (...args: Parameters<typeof raw>) => readChild(raw(...args)) as SpaceChild;

describe('children of spaces', () => {
  it('are in the order of the example in the specification', () => {
    const children = [
      child('!b:example.org', 1640341000000, { order: ' ' }),
      child('!a:example.org', 1640141000000, { order: 'aaaa' }),
      child('!c:example.org', 1640841000000, { order: 'first' }),
      child('!e:example.org', 1640641000000),
      child('!d:example.org', 1640741000000),
    ];
    expect(inOrder([...children].reverse())).to.deep.equal(children);
  });

  it('of the same order are told apart by age, and then by id', () => {
    const [b, a, c] = [
      child('!b:x', 1, { order: 'o' }),
      child('!a:x', 2, { order: 'o' }),
      child('!c:x', 2, { order: 'o' }),
    ];
    expect(inOrder([c, a, b])).to.deep.equal([b, a, c]);
  });

  it('have no order if it is empty, too long or not printable', () => {
    const [old, bad, long, empty] = [
      child('!o:x', 1),
      child('!n:x', 2, { order: 'ä' }),
      child('!l:x', 3, { order: 'a'.repeat(51) }),
      child('!e:x', 4, { order: '' }),
    ];
    const first = child('!f:x', 9, { order: '~'.repeat(50) });
    expect(inOrder([empty, long, bad, old, first])).to.deep.equal([first, old, bad, long, empty]);
  });

  for (const [what, bad] of [
    ['no via', raw('!a:x', 1, { via: [] })],
    ['a via that is no list', raw('!a:x', 1, { via: 'a.test' })],
    ['a key that is no room', raw('a', 1)],
    ['no time', { ...raw('!a:x', 1), origin_server_ts: 'now' }],
    ['another type', { ...raw('!a:x', 1), type: 'm.space.parent' }],
  ] as const) {
    it(`are none with ${what}`, () => expect(readChild(bad)).to.equal(undefined));
  }

  it('are reached through a few servers', () => {
    const via = ['a.test', 'no server', ...Array.from({ length: 9 }, (_, count) => `s${count}.test`)];
    expect(viaOf(child('!a:x', 1, { via }))).to.eql(['a.test', 's0.test', 's1.test', 's2.test', 's3.test']);
  });
});
