import { KeyId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { signingKeyFromSeed } from '../../crypto/keys.ts';
import { signJson } from '../../crypto/signing.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';
const key = signingKeyFromSeed(KeyId.parse('ed25519:0'), new Uint8Array(32).fill(7));
const otherKey = signingKeyFromSeed(KeyId.parse('ed25519:1'), new Uint8Array(32).fill(9));

const signed = (fields: JsonObject = {}) => signJson({ mxid: bob, token: 'abc', ...fields }, 'identity.test', key);

interface Options {
  readonly version?: string;
  readonly keys?: JsonObject;
  readonly target?: string;
  readonly sender?: string;
  readonly before?: readonly [user: string, membership: string][];
}

const redeem = (invite: Json, options: Options = {}) => {
  const { version = '12', keys = { public_key: key.publicKey }, target = bob, sender = alice, before = [] } = options;
  const room = testRoom(version);
  room.member(alice, 'join');
  room.put({ type: 'm.room.third_party_invite', sender: alice, stateKey: 'abc', content: keys });
  for (const [user, membership] of before) room.member(user, membership, alice);
  const content = { membership: 'invite', third_party_invite: invite };
  return authorise(room.event({ type: 'm.room.member', sender, stateKey: target, content }), room.state);
};

describe('the rules for redeeming a third party invite', () => {
  it('allow one that a known key has signed, in every version', () => {
    for (const { id } of roomVersions) {
      expect(redeem({ signed: signed() }, { version: id }), id).to.eql({ allowed: true });
    }
  });

  it('allow it though its sender has left, and though the target is in the room', () => {
    const before = [
      [alice, 'leave'],
      [bob, 'join'],
    ] as const satisfies Options['before'];
    expect(redeem({ signed: signed() }, { before })).to.eql({ allowed: true });
  });

  it('look at every key in the list', () => {
    const keys = {
      public_key: otherKey.publicKey,
      public_keys: [null, 'junk', { public_key: 7 }, { public_key: key.publicKey }],
    };
    expect(redeem({ signed: signed() }, { keys })).to.eql({ allowed: true });
  });

  it('read keys in the url-safe alphabet', () => {
    expect(otherKey.publicKey).to.match(/[+/]/);
    const urlSafe = otherKey.publicKey.replaceAll('+', '-').replaceAll('/', '_');
    const invite = { signed: signJson({ mxid: bob, token: 'abc' }, 'identity.test', otherKey) };
    expect(redeem(invite, { keys: { public_key: urlSafe } })).to.eql({ allowed: true });
  });

  it('look at every signature', () => {
    const twice = signJson(signed(), 'a.identity.test', otherKey);
    expect(redeem({ signed: twice })).to.eql({ allowed: true });
  });

  const unsigned = 'no key of the third party invite signed it';
  const incomplete = 'the third party invite has no mxid or no token';
  const refusals: [what: string, invite: Json, options: Options, reason: string][] = [
    ['a banned target', { signed: signed() }, { before: [[bob, 'ban']] }, 'the target user is banned'],
    ['null', null, {}, 'the third party invite is not signed'],
    ['nothing signed', {}, {}, 'the third party invite is not signed'],
    ['text', { signed: 'yes' }, {}, 'the third party invite is not signed'],
    ['no mxid', { signed: { token: 'abc' } }, {}, incomplete],
    ['no token', { signed: { mxid: bob } }, {}, incomplete],
    ['a token of another kind', { signed: { mxid: bob, token: ['abc'] } }, {}, incomplete],
    ['another user', { signed: signed() }, { target: '@carol:c.test' }, 'the third party invite is for another user'],
    ['an unknown token', { signed: signed({ token: 'x' }) }, {}, 'there is no third party invite with this token'],
    [
      'another sender',
      { signed: signed() },
      { sender: bob, target: bob },
      'the sender did not send the original third party invite',
    ],
    ['another key', { signed: signed() }, { keys: { public_key: otherKey.publicKey } }, unsigned],
    ['no key', { signed: signed() }, { keys: {} }, unsigned],
    ['a key that is none', { signed: signed() }, { keys: { public_key: 'AAAA', public_keys: 'junk' } }, unsigned],
    ['no signature', { signed: { mxid: bob, token: 'abc' } }, {}, unsigned],
    ['junk for signatures', { signed: { ...signed(), signatures: { 'a.test': ['x'] } } }, {}, unsigned],
    ['what changed since', { signed: { ...signed(), more: 1 } }, {}, unsigned],
    ['what has no canonical form', { signed: { ...signed(), more: '\ud800' } }, {}, unsigned],
  ];
  for (const [what, invite, options, reason] of refusals) {
    it(`refuse ${what}`, () => expect(redeem(invite, options)).to.eql({ allowed: false, reason }));
  }
});
