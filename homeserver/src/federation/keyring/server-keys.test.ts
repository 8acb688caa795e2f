import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { signJson } from '../../core/crypto/signing.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { testKey } from '../testing/federated-server.ts';
import { publishedKeys } from './own-keys.ts';
import { isUsable, type KeyUse, type KnownKey, readServerKeys } from './server-keys.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');
const DAY = 24 * 3_600_000;

describe('a key', () => {
  const now = new ManualClock().now();
  const later = (days: number) => (now + days * DAY) as UnixMillis;
  const current = { keyId: 'ed25519:k', publicKey: '', validUntil: later(30), isOld: false, addedAt: now };
  const old = { ...current, validUntil: later(-1), isOld: true };
  const cases: readonly (readonly [string, KnownKey, KeyUse, boolean])[] = [
    ['is good for requests', current, { for: 'request', now }, true],
    ['is good for events of its time', current, { for: 'event', at: later(7) }, true],
    [
      'is not good a week after it was published, whatever was promised',
      current,
      { for: 'event', at: later(7.1) },
      false,
    ],
    ['is not good for requests then, either', current, { for: 'request', now: later(7.1) }, false],
    ['is good for any event where time does not count', current, { for: 'event', at: undefined }, true],
    ['that is old is not good for requests', { ...old, validUntil: later(1) }, { for: 'request', now }, false],
    ['that is old is good for events of its time', old, { for: 'event', at: later(-2) }, true],
    ['that is old is not good for later events', old, { for: 'event', at: now }, false],
  ];
  for (const [title, key, use, expected] of cases) {
    it(title, () => expect(isUsable(key, use)).to.equal(expected));
  }
});

describe('what a server says of its keys', () => {
  const now = new ManualClock().now();
  const own = { serverName: A, signing: [testKey(1), testKey(2)], old: [] } as const;
  const answer = publishedKeys(own, now);

  it('is believed when its keys have signed it', () => {
    const read = readServerKeys(answer, A, now);
    expect(read?.keys.map(({ keyId }) => keyId)).to.eql(['ed25519:k1', 'ed25519:k2']);
  });

  const { signatures: _, ...unsigned } = answer;
  const cases: readonly (readonly [string, JsonObject])[] = [
    ['is another server’s', publishedKeys({ ...own, serverName: B }, now)],
    ['names another server', signJson({ ...unsigned, server_name: B }, A, testKey(1))],
    ['was changed', { ...answer, valid_until_ts: now + 1 }],
    ['is not signed', { ...answer, signatures: {} }],
    ['is signed by a key that is not in it', signJson(unsigned, A, testKey(3))],
    [
      'is signed wrongly by one of them',
      { ...answer, signatures: { [A]: { ...answer.signatures[A], 'ed25519:k2': 'AAAA' } } },
    ],
    ['lacks something', { server_name: A }],
    ['has no canonical form', { ...answer, valid_until_ts: 1.5 }],
  ];
  for (const [title, raw] of cases) {
    it(`is not believed when it ${title}`, () => expect(readServerKeys(raw, A, now)).to.equal(undefined));
  }
});
