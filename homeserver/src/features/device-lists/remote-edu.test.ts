import { expect } from 'chai';
import { ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { readCrossSigningKey, readDevice, readUpdate } from './remote-edu.ts';

const origin = ServerName.parse('x');
const keys = { user_id: '@a:x', device_id: 'D', algorithms: [], keys: {}, signatures: {} };
const good: JsonObject = { user_id: '@a:x', device_id: 'D', stream_id: 5, prev_id: [3, 4], keys };

describe('updates of device lists', () => {
  it('are read with what they say', () => {
    const update = { userId: '@a:x', deviceId: 'D', streamId: 5, previous: [3, 4], keys, displayName: null };
    expect(readUpdate(origin, good)).to.eql(update);
    expect(readUpdate(origin, { ...good, device_display_name: 'phone' })?.displayName).to.equal('phone');
    expect(readUpdate(origin, { ...good, prev_id: undefined })?.previous).to.eql([]);
    expect(readUpdate(origin, { ...good, prev_id: null })?.previous).to.eql([]);
  });

  it('say that a device is gone, or has nothing to encrypt with', () => {
    for (const change of [{ deleted: true }, { keys: undefined }, { keys: { ...keys, device_id: 'E' } }]) {
      expect(readUpdate(origin, { ...good, ...change })?.keys, JSON.stringify(change)).to.equal(undefined);
    }
  });

  it('have keys of a moderate size', () => {
    const user = UserId.parse('@a:x');
    const ofSize = (length: number) => ({ ...keys, more: 'x'.repeat(length) });
    for (const [length, isTaken] of [
      [60_000, true],
      [70_000, false],
    ] as const) {
      const large = ofSize(length);
      const read = [
        readUpdate(origin, { ...good, keys: large })?.keys,
        readDevice(user, { device_id: 'D', keys: large })?.keys,
        readCrossSigningKey(user, large),
      ];
      expect(read, String(length)).to.eql(Array(3).fill(isTaken ? large : undefined));
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
