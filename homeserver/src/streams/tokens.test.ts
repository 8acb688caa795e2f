import { MatrixError } from '@holm/spec/errors';
import { expect } from 'chai';
import type { Position } from './stream.ts';
import { parsePlace, parseSyncToken, syncToken, timelineToken } from './tokens.ts';

const code = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof MatrixError ? error.errcode : error;
  }
};

describe('tokens', () => {
  for (const after of [0, 17, -3]) {
    it(`of the timeline, after ${after}`, () =>
      expect(parsePlace(timelineToken(after))).to.eql({ kind: 'timeline', after }));
  }

  it('of a sync', () => {
    const positions = [5, 0, 12] as Position[];
    expect(parseSyncToken(syncToken(positions))).to.eql(positions);
    expect(parsePlace(syncToken(positions))).to.eql({ kind: 'sync', positions });
  });

  for (const wrong of ['', 't', 's', 's1', 's1_', 's1_-1', 't1.5', 't1_2', 's2_1', ' t1', 't9999999999999999', 'x5']) {
    it(`refuses ${JSON.stringify(wrong)}`, () => expect(code(() => parsePlace(wrong))).to.equal('M_INVALID_PARAM'));
  }

  it('of a timeline are no sync tokens', () => expect(code(() => parseSyncToken('t5'))).to.equal('M_INVALID_PARAM'));
});
