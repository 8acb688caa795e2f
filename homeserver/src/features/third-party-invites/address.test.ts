import { expect } from 'chai';
import { canonical, hashDetailsOf, lookupKeyOf, mappedUser } from './address.ts';
import { storedInviteOf } from './stored-invite.ts';

describe('addresses of people', () => {
  it('are hashed as the specification shows', () => {
    const details = { pepper: 'matrixrocks', algorithm: 'sha256' } as const;
    const keys = [
      { address: 'alice@example.com', medium: 'email' },
      { address: 'bob@example.com', medium: 'email' },
      { address: '18005552067', medium: 'msisdn' },
    ].map((address) => lookupKeyOf(address, details));
    expect(keys).to.deep.equal([
      '4kenr7N9drpCJ4AfalmlGQVsOn3o2RHjkADUpXJWZUc',
      'LJwSazmv46n0hlMlsb_iYxI0_HXEqy_yj6Jm636cdT8',
      'nlo35_T5fzSGZzJApqu8lgIudJvmOQtDaHtr-I4rU7I',
    ]);
    expect(lookupKeyOf({ address: 'a@b', medium: 'email' }, { ...details, algorithm: 'none' })).to.equal('a@b email');
  });

  it('are hashed wherever that is understood', () => {
    expect(hashDetailsOf({ lookup_pepper: 'x', algorithms: ['none', 'sha256'] })?.algorithm).to.equal('sha256');
    expect(hashDetailsOf({ lookup_pepper: 'x', algorithms: ['none'] })?.algorithm).to.equal('none');
    for (const answer of [
      {},
      [],
      null,
      { lookup_pepper: 1, algorithms: ['sha256'] },
      { lookup_pepper: 'x', algorithms: [] },
    ]) {
      expect(hashDetailsOf(answer)).to.equal(undefined);
    }
  });

  it('belong to whom the answer says, if it is a user', () => {
    expect(mappedUser({ mappings: { key: '@a:b' } }, 'key')).to.equal('@a:b');
    for (const answer of [{ mappings: { key: 'a' } }, { mappings: {} }, { mappings: [] }, {}, 'x']) {
      expect(mappedUser(answer, 'key')).to.equal(undefined);
      expect(mappedUser(answer, 'constructor')).to.equal(undefined);
    }
  });

  it('are compared as they are kept', () => {
    expect(canonical({ medium: 'email', address: ' Eve@X.org' }).address).to.equal('eve@x.org');
    expect(canonical({ medium: 'msisdn', address: '49123 ' }).address).to.equal('49123');
  });
});

describe('what an identity server keeps of an invite', () => {
  const key = { public_key: 'abc', key_validity_url: 'https://x/valid' };
  const answer = { token: 't.1', display_name: 'e...', public_keys: [key, { public_key: 'def' }, key] };

  it('names its keys, the first of them twice', () => {
    expect(storedInviteOf(answer)).to.deep.equal({
      token: 't.1',
      content: { display_name: 'e...', ...key, public_keys: [key, key] },
    });
  });

  const nonsense = {
    'a token that is none': { token: 'a b' },
    'no token': { token: '' },
    'a token that is too long': { token: 'a'.repeat(256) },
    'no name': { display_name: 7 },
    'a name that is too long': { display_name: 'x'.repeat(2_000) },
    'no keys': { public_keys: [] },
    'keys that are none': { public_keys: [{ public_key: 1 }, 'x'] },
  };
  for (const [what, change] of Object.entries(nonsense)) {
    it(`is nothing with ${what}`, () => {
      expect(storedInviteOf({ ...answer, ...change })).to.equal(undefined);
    });
  }
});
