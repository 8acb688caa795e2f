import { signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import { publishedKeys } from '@holm/homeserver/federation/keyring/own-keys';
import { KeyId } from '@holm/spec/ids';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import type { TestNetwork } from '../src/network.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/** https://spec.matrix.org/latest/server-server-api/#querying-keys-through-another-server */
describe('a notary', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const publish = (name: string) => {
    const key = signingKeyFromSeed(KeyId.parse(`ed25519:${name}`), new Uint8Array(32).fill(name.length));
    const keys = publishedKeys({ serverName: rogue.name, signing: [key], old: [] }, network.clock.now());
    rogue.answers.set('/_matrix/key/v2/server', () => ({ status: 200, body: keys }));
  };
  const query = async (keys: object): Promise<string[]> => {
    const body = { server_keys: { 'rogue.test': keys } };
    const answer = await call('POST', `${network.server('a.test').url}/_matrix/key/v2/query`, { body });
    const [answered] = answer.body.server_keys;
    return Object.keys(answered.verify_keys);
  };

  it('asks again for a key that was not there when it asked last', async () => {
    publish('old');
    expect(await query({})).to.eql(['ed25519:old']);
    publish('newer');
    network.clock.advance(10_000);
    expect(await query({ 'ed25519:old': {} })).to.eql(['ed25519:old']);
    expect(await query({ 'ed25519:newer': {} })).to.eql(['ed25519:newer']);
    // Nor does it ask for one that nobody has each time that somebody likes.
    rogue.asked.length = 0;
    expect(await query({ 'ed25519:none': {} })).to.eql(['ed25519:newer']);
    expect(rogue.asked).to.eql([]);
  });
});
