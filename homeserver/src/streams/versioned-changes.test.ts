import { expect } from 'chai';
import fc from 'fast-check';
import type { Position } from './stream.ts';
import { VersionedChanges } from './versioned-changes.ts';

const at = (position: number) => position as Position;

describe('changes that have versions', () => {
  it('have another one after each change of a key, whatever its position, also of keys that were forgotten', () => {
    const noted = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 10 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(noted, fc.integer({ min: 1, max: 7 }), (noted, kept) => {
        const changes = new VersionedChanges<number>(at(0), kept);
        const seen = new Map<number, Set<number>>();
        for (const [key, position] of noted) {
          // Whoever asks at any time before the change keeps one of these.
          const before = seen.get(key) ?? new Set();
          seen.set(key, before.add(changes.versionOf(key)));
          changes.note(key, at(position));
          expect(before).not.to.include(changes.versionOf(key));
          for (const [other, versions] of seen) versions.add(changes.versionOf(other));
        }
      }),
    );
  });

  it('have the same one as long as only others change', () => {
    const changes = new VersionedChanges<string>(at(0));
    changes.note('one', at(3));
    const versions = [changes.versionOf('one'), changes.versionOf('never')];
    changes.note('other', at(4));
    expect([changes.versionOf('one'), changes.versionOf('never')]).to.eql(versions);
  });
});
