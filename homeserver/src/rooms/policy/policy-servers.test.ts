import { KeyId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { encodeBase64Url } from '../../core/crypto/base64.ts';
import { signingKeyFromSeed, verifyKeyOf } from '../../core/crypto/keys.ts';
import { signText } from '../../core/crypto/signing.ts';
import { referenceText } from '../../core/events/hashes.ts';
import { roomVersion } from '../../core/rooms/room-version.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';

const alice = userOf('alice');
const key = signingKeyFromSeed(KeyId.parse('ed25519:policy_server'), new Uint8Array(32).fill(21));
const publicKey = encodeBase64Url(verifyKeyOf(key).key.export({ format: 'der', type: 'spki' }).subarray(-32));
const POLICY = { via: 'policy.test', public_keys: { ed25519: publicKey } };
const MESSAGE = { type: 'm.room.message' };

describe('the policy server of a room', () => {
  it('is none any more once what names it is redacted', async () => {
    const call = async (_server: unknown, _what: unknown, { body }: { readonly body: JsonObject }) => ({
      'policy.test': { 'ed25519:policy_server': signText(referenceText(body, roomVersion('11')!), key) },
    });
    const client = { call } as unknown as Pick<FederationClient, 'call'>;
    await using fixture = await SyncFixture.create({ client });
    const roomId = await fixture.room(alice);
    await fixture.member(roomId, userOf('warden', 'policy.test'), 'join');
    const named = await fixture.set(roomId, alice, 'm.room.policy', POLICY);
    const { rooms, policies } = fixture.engine;
    const room = await rooms.joined(roomId);
    expect(await policies.of(room, MESSAGE)).to.include({ via: 'policy.test' });
    await fixture.redact(roomId, alice, named.event.eventId);
    expect(await policies.of(room, MESSAGE)).to.equal(undefined);
    // Known, so that nobody waits.
    expect(policies.of(room, MESSAGE)).to.equal(undefined);
  });
});
