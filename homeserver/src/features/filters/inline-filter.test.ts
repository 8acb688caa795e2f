import { MatrixError } from '@holm/spec/errors';
import { expect } from 'chai';
import { parseInlineFilter } from './inline-filter.ts';

const outcome = (raw: string): unknown => {
  try {
    return parseInlineFilter(raw);
  } catch (error) {
    if (error instanceof MatrixError) return error.errcode;
    throw error;
  }
};

describe('inline filters', () => {
  const cases: [string, unknown][] = [
    ['{}', {}],
    ['{"room":{"timeline":{"limit":10}}}', { room: { timeline: { limit: 10 } } }],
    ['{"unheard.of":{"kept":true}}', { 'unheard.of': { kept: true } }],
    ['{"room":{"rooms":["!a:b"]}}', { room: { rooms: ['!a:b'] } }],
    ['{"room":{"rooms":["a"]}}', 'M_BAD_JSON'],
    ['{"room":[]}', 'M_BAD_JSON'],
    ['{"room":{"timeline":{"limit":"10"}}}', 'M_BAD_JSON'],
    ['{"room":{"timeline":{"limit":1.5}}}', 'M_BAD_JSON'],
    ['{"event_format":"xml"}', 'M_BAD_JSON'],
    ['{"presence":{"not_senders":["bob"]}}', 'M_BAD_JSON'],
    ['[]', 'M_BAD_JSON'],
    ['null', 'M_BAD_JSON'],
    ['{', 'M_NOT_JSON'],
    [`{"a":"${'x'.repeat(70_000)}"}`, 'M_TOO_LARGE'],
  ];
  for (const [raw, expected] of cases) {
    it(raw.slice(0, 40), () => expect(outcome(raw)).to.eql(expected));
  }
});
