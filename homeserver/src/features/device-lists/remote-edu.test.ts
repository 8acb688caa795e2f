import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { readUpdate } from './remote-edu.ts';

const origin = ServerName.parse('x');
const keys = { user_id: '@a:x', device_id: 'D', algorithms: [], keys: {}, signatures: {} };
const good: JsonObject = { user_id: '@a:x', device_id: 'D', stream_id: 5, prev_id: [3, 4], keys };

describe('updates of device lists', () => {
  it('are read with what they say', () => {
    const update = { userId: '@a:x', deviceId: 'D', streamId: 5, previous: [3, 4], keys, displayName: null };
    expect(readUpdate(origin, good)).to.eql(update);
    expect(readUpdate(origin, { ...good, device_display_name: 'phone' })?.displayName).to.equal('phone');
    expect(readUpdate(origin, { ...good, prev_id: undefined })?.previous).to.eql([]);
  });

  it('say that a device is gone, or has nothing to encrypt with', () => {
    for (const change of [{ deleted: true }, { keys: undefined }, { keys: { ...keys, device_id: 'E' } }]) {
      expect(readUpdate(origin, { ...good, ...change })?.keys, JSON.stringify(change)).to.equal(undefined);
    }
  });

  const bad: readonly JsonObject[] = [
    { user_id: '@a:y' },
    { user_id: 'a' },
    { device_id: '' },
    { device_id: 7 },
    { stream_id: '5' },
    { stream_id: -1 },
    { stream_id: 1.5 },
    { prev_id: 4 },
    { prev_id: ['4'] },
    { prev_id: Array.from({ length: 101 }, (_, id) => id) },
  ];
  for (const change of bad) {
    it(`are not taken with ${JSON.stringify(change).slice(0, 40)}`, () => {
      expect(readUpdate(origin, { ...good, ...change })).to.equal(undefined);
    });
  }
});
