import { expect } from 'chai';
import { DeviceId, type KeyId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { signingKeyFromSeed } from '../../core/crypto/keys.ts';
import { signedText, signText } from '../../core/crypto/signing.ts';
import { crossSigningKeyOf, isSameKey, isSignedBy, kept, problemOfDeviceKeys, withSignatures } from './signed-keys.ts';

const user = UserId.parse('@a:x');
const device = DeviceId.parse('D-1+/=');
const key = signingKeyFromSeed('ed25519:x' as KeyId, Buffer.alloc(32, 7));
const sign = (object: JsonObject) => ({
  ...object,
  signatures: { [user]: { [`ed25519:${device}`]: signText(signedText(object), key) } },
});

const keys = sign({
  user_id: user,
  device_id: device,
  algorithms: ['m.olm'],
  keys: { [`ed25519:${device}`]: key.publicKey },
});

describe('signed keys', () => {
  it('are verified whatever their device is called', () => {
    expect(isSignedBy(keys, user, device, key.publicKey)).to.equal(true);
    expect(isSignedBy({ ...keys, unsigned: { a: 1 } }, user, device, key.publicKey)).to.equal(true);
    expect(isSignedBy({ ...keys, algorithms: [] }, user, device, key.publicKey)).to.equal(false);
    expect(isSignedBy(keys, user, 'other', key.publicKey)).to.equal(false);
    expect(isSignedBy(keys, UserId.parse('@b:x'), device, key.publicKey)).to.equal(false);
    expect(isSignedBy(keys, user, device, 'AAAA')).to.equal(false);
    // Nobody can have signed what has no canonical form.
    expect(isSignedBy({ ...keys, number: 1.5 }, user, device, key.publicKey)).to.equal(false);
  });

  const shapes: readonly (readonly [JsonObject, boolean])[] = [
    [{}, true],
    [{ user_id: '@b:x' }, false],
    [{ device_id: 'E' }, false],
    [{ algorithms: 'm.olm' }, false],
    [{ algorithms: [1] }, false],
    [{ keys: {} }, true],
    [{ keys: [] }, false],
    [{ keys: { [`ed25519:${device}`]: key.publicKey, 'curve25519:x': 7 } }, false],
  ];
  for (const [change, isGood] of shapes) {
    it(`of a device ${isGood ? 'have' : 'have not'} the form with ${JSON.stringify(change)}`, () => {
      expect(problemOfDeviceKeys({ ...keys, ...change }, user, device) === undefined).to.equal(isGood);
    });
  }

  it('for cross-signing have one key, which is called like itself', () => {
    const good = { user_id: user, usage: ['master'], keys: { [`ed25519:${key.publicKey}`]: key.publicKey } };
    expect(crossSigningKeyOf(good, user, 'master')).to.equal(key.publicKey);
    const bad = [
      { ...good, user_id: '@b:x' },
      { ...good, usage: ['self_signing'] },
      { ...good, keys: {} },
      { ...good, keys: { 'ed25519:other': key.publicKey } },
      { ...good, keys: { ...good.keys, 'ed25519:b': 'b' } },
      { ...good, keys: { 'ed25519:AAAA': 'AAAA' } },
    ];
    for (const one of bad) expect(crossSigningKeyOf(one, user, 'master'), JSON.stringify(one)).to.equal(undefined);
  });

  it('are kept with the signatures of their user only, and are the same with any', () => {
    const foreign = { ...keys, unsigned: {}, signatures: { ...keys.signatures, '@b:x': { 'ed25519:b': 'sig' } } };
    expect(kept(foreign, user)).to.eql(keys);
    expect(isSameKey(foreign, { ...keys, signatures: {} })).to.equal(true);
    expect(isSameKey(keys, { ...keys, algorithms: [] })).to.equal(false);
  });

  it('get signatures beside those that they have', () => {
    const added = { userId: user, keyName: device, signerId: user, signerKeyId: 'ed25519:s', signature: 'sig' };
    const byOther = { ...added, signerId: UserId.parse('@b:x') };
    expect(withSignatures(keys, [added, byOther])['signatures']).to.eql({
      [user]: { ...keys.signatures[user], 'ed25519:s': 'sig' },
      '@b:x': { 'ed25519:s': 'sig' },
    });
  });
});
