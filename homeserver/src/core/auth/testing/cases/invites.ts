import { KeyId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { signingKeyFromSeed } from '../../../crypto/keys.ts';
import { signJson } from '../../../crypto/signing.ts';
import type { Verdict } from '../../../verdict.ts';
import { alice, bob, type CaseRoom, carol } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

const key = signingKeyFromSeed(KeyId.parse('ed25519:0'), new Uint8Array(32).fill(7));
const otherKey = signingKeyFromSeed(KeyId.parse('ed25519:1'), new Uint8Array(32).fill(9));
const urlSafe = otherKey.publicKey.replaceAll('+', '-').replaceAll('/', '_');

const signed = (fields: JsonObject = {}, by = key) =>
  signJson({ mxid: bob, token: 'abc', ...fields }, 'identity.test', by);

interface Redemption {
  /** The content of the `m.room.third_party_invite`. */
  readonly keys?: JsonObject;
  readonly target?: string;
  readonly sender?: string;
  readonly before?: readonly (readonly [user: string, membership: string])[];
}

/** Alice's invite for an address that turns out to be bob's. */
const redeeming =
  (
    invite: Json,
    { keys = { public_key: key.publicKey }, target = bob, sender = alice, before = [] }: Redemption = {},
  ) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.put({ type: 'm.room.third_party_invite', sender: alice, stateKey: 'abc', content: keys });
    for (const [user, membership] of before) room.member(user, membership);
    return room.judgeMember(sender, target, { membership: 'invite', third_party_invite: invite });
  };

const good = redeeming({ signed: signed() });
const list = (...keys: Json[]): JsonObject => ({ public_keys: keys });

interface Setting {
  /** What bob, who invites, and carol are. */
  readonly bobIs?: string;
  readonly carolIs?: string;
  readonly power?: number;
  readonly invite?: number;
}

const inviting =
  ({ bobIs = 'join', carolIs, power, invite }: Setting = {}) =>
  (room: CaseRoom): Verdict => {
    room.member(alice, 'join');
    room.levels({ users: power === undefined ? {} : { [bob]: power }, ...(invite === undefined ? {} : { invite }) });
    if (bobIs !== 'never') room.member(bob, bobIs);
    if (carolIs !== undefined) room.member(carol, carolIs);
    return room.judgeMember(bob, carol, { membership: 'invite' });
  };

export const inviteCases: readonly RuleCase[] = [
  allow('third party: target not banned', 'in the room', redeeming({ signed: signed() }, { before: [[bob, 'join']] })),
  refuse('third party: target not banned', 'banned', redeeming({ signed: signed() }, { before: [[bob, 'ban']] })),
  allow('third party: signed', 'it is', good),
  ...[null, {}, 'yes', { signed: 'yes' }].map((invite) =>
    refuse('third party: signed', JSON.stringify(invite), redeeming(invite))),
  allow('third party: mxid and token', 'both', good),
  refuse('third party: mxid and token', 'no mxid', redeeming({ signed: { token: 'abc' } })),
  refuse('third party: mxid and token', 'no token', redeeming({ signed: { mxid: bob } })),
  refuse('third party: mxid and token', 'a list for a token', redeeming({ signed: { mxid: bob, token: ['abc'] } })),
  allow('third party: for the target', 'it is', good),
  refuse('third party: for the target', 'for bob, but carol is invited', redeeming({ signed: signed() }, { target: carol })),
  allow('third party: known token', 'known', good),
  refuse('third party: known token', 'unknown', redeeming({ signed: signed({ token: 'x' }) })),
  allow('third party: same sender', 'the same, who has left', redeeming({ signed: signed() }, { before: [[alice, 'leave']] })),
  refuse('third party: same sender', 'another', redeeming({ signed: signed() }, { sender: bob })),
  allow('third party: a known key', 'among several signatures',
    redeeming({ signed: signJson(signed(), 'a.identity.test', otherKey) })),
  refuse('third party: a known key', 'another key', redeeming({ signed: signed() }, { keys: { public_key: otherKey.publicKey } })),
  refuse('third party: a known key', 'what changed since', redeeming({ signed: { ...signed(), more: 1 } })),
  refuse('third party: a known key', 'what has no canonical form', redeeming({ signed: { ...signed(), more: '\ud800' } })),
  allow('third party: in public_key', 'in standard base64', good),
  allow('third party: in public_key', 'in url-safe base64', redeeming({ signed: signed({}, otherKey) }, { keys: { public_key: urlSafe } })),
  refuse('third party: in public_key', 'no key', redeeming({ signed: signed() }, { keys: { public_key: 'AAAA' } })),
  allow('third party: in public_keys', 'among others',
    redeeming({ signed: signed() }, { keys: list(null, 'junk', { public_key: 7 }, { public_key: key.publicKey }) })),
  refuse('third party: in public_keys', 'not among others',
    redeeming({ signed: signed() }, { keys: list({ public_key: otherKey.publicKey }) })),
  refuse('third party: in public_keys', 'junk', redeeming({ signed: signed() }, { keys: { public_keys: 'junk' } })),
  allow('third party: otherwise reject', 'all of it', good),
  refuse('third party: otherwise reject', 'no signature', redeeming({ signed: { mxid: bob, token: 'abc' } })),
  refuse('third party: otherwise reject', 'junk for signatures', redeeming({ signed: { ...signed(), signatures: { 'a.test': ['x'] } } })),
  refuse('third party: otherwise reject', 'no keys', redeeming({ signed: signed() }, { keys: {} })),

  allow('invite: sender in the room', 'a member', inviting()),
  ...['never', 'invite', 'leave', 'ban'].map((bobIs) => refuse('invite: sender in the room', bobIs, inviting({ bobIs }))),
  ...['invite', 'leave', 'knock'].map((carolIs) =>
    allow('invite: target neither in the room nor banned', carolIs, inviting({ carolIs }))),
  refuse('invite: target neither in the room nor banned', 'in the room', inviting({ carolIs: 'join' })),
  refuse('invite: target neither in the room nor banned', 'banned', inviting({ carolIs: 'ban' }), { reason: 'the target user is banned' }),
  allow('invite: level', 'at the level', inviting({ power: 30, invite: 30 })),
  allow('invite: level', 'at 0, which is what applies', inviting({ power: 0 })),
  refuse('invite: level', 'below the level', inviting({ power: 29, invite: 30 })),
  allow('invite: otherwise reject', 'above the level', inviting({ power: 31, invite: 30 })),
  refuse('invite: otherwise reject', 'below 0, which is what applies', inviting({ power: -1 })),
]; // prettier-ignore
