import { KeyId, ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { signingKeyFromSeed } from '../crypto/keys.ts';
import { signText } from '../crypto/signing.ts';
import { roomVersion } from '../rooms/room-version.ts';
import { referenceText } from './hashes.ts';
import { isRefused, parsePdu } from './parse-pdu.ts';
import { hasPolicySignature, isExempt, policyServerOf, withPolicySignature } from './policy.ts';
import { signaturesToCheck } from './signatures.ts';
import { signTemplate } from './build.ts';

const origin = {
  server: ServerName.parse('a.test'),
  key: signingKeyFromSeed(KeyId.parse('ed25519:1'), new Uint8Array(32).fill(1)),
};
const key = signingKeyFromSeed(KeyId.parse('ed25519:policy_server'), new Uint8Array(32).fill(2));

const message = () => {
  const event = signTemplate(
    {
      type: 'm.room.message', room_id: '!r:a.test', sender: '@u:a.test', content: { body: 'x' }, depth: 2,
      origin_server_ts: 1, prev_events: ['$a'], auth_events: ['$b'],
    },
    roomVersion('11')!,
    origin,
  ); // prettier-ignore
  if (isRefused(event)) throw new Error(event.refused);
  return event;
};

describe('the policy server of a room', () => {
  const content = { via: 'a.test', public_keys: { ed25519: key.publicKey } };

  it('is named with its key, in either alphabet', () => {
    expect(policyServerOf(content)?.via).to.equal('a.test');
    const urlSafe = key.publicKey.replaceAll('+', '-').replaceAll('/', '_');
    expect(policyServerOf({ via: 'a.test', public_keys: { ed25519: urlSafe } })).to.deep.equal(policyServerOf(content));
  });

  const none = [undefined, {}, { ...content, via: 7 }, { ...content, via: 'no server' }, { ...content, public_keys: [] }, { ...content, public_keys: { ed25519: 'AAAA' } }]; // prettier-ignore
  for (const malformed of none) {
    it(`is none in ${JSON.stringify(malformed)}`, () => {
      expect(policyServerOf(malformed)).to.equal(undefined);
    });
  }

  it('is not asked about itself', () => {
    expect(isExempt({ type: 'm.room.policy', stateKey: '' })).to.equal(true);
    expect(isExempt({ type: 'm.room.policy', stateKey: 'x' })).to.equal(false);
    expect(isExempt({ type: 'm.room.policy' })).to.equal(false);
  });

  it('signs beside the server of the sender, be it the same', () => {
    const event = message();
    const policy = policyServerOf(content)!;
    expect(hasPolicySignature(event, policy)).to.equal(false);
    const signature = signText(referenceText(event.pdu, event.version), key);
    const answer = { 'a.test': { 'ed25519:policy_server': signature, 'ed25519:1': 'other' }, 'b.test': { x: 'y' } };
    const signed = withPolicySignature(event, answer, policy)!;
    expect(hasPolicySignature(signed, policy)).to.equal(true);
    expect(signed.pdu.signatures).to.deep.equal({
      'a.test': { ...event.pdu.signatures['a.test'], 'ed25519:policy_server': signature },
    });
    // It is the same event, and its own signature is the only one that its server's keys are asked for.
    const parsed = parsePdu(signed.pdu, event.version);
    expect(!isRefused(parsed) && parsed.eventId).to.equal(event.eventId);
    expect(signaturesToCheck(signed).map(({ signatures }) => Object.keys(signatures))).to.deep.equal([['ed25519:1']]);
    for (const nothing of [{}, null, { 'b.test': answer['a.test'] }, { 'a.test': { 'ed25519:1': signature } }]) {
      expect(withPolicySignature(event, nothing, policy)).to.equal(undefined);
    }
  });
});
