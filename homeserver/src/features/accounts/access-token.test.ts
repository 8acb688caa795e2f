import { expect } from 'chai';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { hashOfToken, isAccessToken, mintAccessToken } from './access-token.ts';

describe('access tokens', () => {
  const entropy = seededEntropy('tokens');

  it('are recognised, unique and long', () => {
    const tokens = Array.from({ length: 200 }, () => mintAccessToken(entropy));
    expect(tokens.every(isAccessToken)).to.equal(true);
    expect(new Set(tokens).size).to.equal(200);
    expect(tokens[0]).to.match(/^hlm_.{48}$/);
  });

  it('are refused when one character is wrong', () => {
    const token = mintAccessToken(entropy);
    const changed = token.slice(0, 10) + (token[10] === 'A' ? 'B' : 'A') + token.slice(11);
    expect([changed, token.slice(1), `${token}x`, '', 'syt_whatever'].map(isAccessToken)).to.eql(Array(5).fill(false));
  });

  it('are kept as their SHA-256', () => {
    expect(hashOfToken('abc')).to.equal('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});
