import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { roomVersion } from '../rooms/room-version.ts';
import { resolveV1ByTheBook } from './testing/resolve-oracle-v1.ts';
import { ORACLE_V2, ORACLE_V2_1, resolveByTheBook } from './testing/resolve-oracle.ts';
import { resolveStates, type RoomState } from './testing/state-sets.ts';
import { fromVector, type Vector } from './testing/vector.ts';

const folder = new URL('../../../../spec/vectors/state-resolution/random/', import.meta.url);
const sorted = (state: RoomState) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

describe('rooms that were hard to resolve', () => {
  for (const file of readdirSync(folder)) {
    it(file.replace('.json', ''), () => {
      const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector;
      const { reading, sets, events, rejected, expected } = fromVector(vector);
      const version = roomVersion(vector.room_version)!;
      expect(sorted(resolveStates(version, sets, events, { reading, rejected }))).to.eql(sorted(expected));

      const custom = reading === 'servers' ? { inclusive: true, within: true } : {};
      const rules = version.stateResolution === 'v2' ? ORACLE_V2 : ORACLE_V2_1;
      const isRejected = (id: string) => [...rejected].some((one) => one === id);
      const byTheBook =
        version.stateResolution === 'v1'
          ? resolveV1ByTheBook({ sets, events, keepOne: true })
          : resolveByTheBook({ rules, sets, events, isRejected, custom });
      expect(sorted(byTheBook)).to.eql(sorted(expected));
    });
  }
});
