import { readFile, stat } from 'node:fs/promises';
import { rotateKey } from '@holm/homeserver/federation/keyring/rotation';
import { seededEntropy } from '@holm/homeserver/testing/seeded-entropy';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { type Person, textsOf } from '../src/people.ts';

describe('a server that gets a new signing key', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;
  beforeEach(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    carol = await network.person('carol', 'c.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await alice.say(room, 'before');
    await network.settle();
    // State that is set in one moment is dated some milliseconds on, and a key does not speak for what comes after its end.
    network.clock.advance(1_000);
  });
  afterEach(() => network[Symbol.asyncDispose]());

  const published = async () => (await call('GET', `${network.server('a.test').url}/_matrix/key/v2/server`)).body;
  const rotate = (seed: string) => rotateKey(network.server('a.test').keyFile, seededEntropy(seed));
  const restart = async () => {
    await network.stop('a.test');
    await network.start('a.test');
  };

  it('goes on with the old one until it is started again, and says then when it was last used', async () => {
    const { from, to } = await rotate('one');
    expect(Object.keys((await published()).verify_keys)).to.eql([from]);
    network.clock.advance(3_600_000);
    await alice.say(room, 'still with the old one');
    await network.settle();
    const startedAt = network.clock.now();
    await restart();
    const keys = await published();
    expect(Object.keys(keys.verify_keys)).to.eql([to]);
    expect(Object.keys(keys.signatures['a.test'])).to.eql([to]);
    expect(keys.old_verify_keys[from].expired_ts).to.equal(startedAt);
    network.clock.advance(3_600_000);
    await restart();
    expect(await published()).to.deep.include({ old_verify_keys: keys.old_verify_keys });
    const { keyFile } = network.server('a.test');
    for (const file of [keyFile, `${keyFile}.old`]) expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await readFile(`${keyFile}.old`, 'utf8')).not.to.include((await readFile(keyFile, 'utf8')).split(' ')[2]);
  });

  it('is believed by those who know it and those who do not, as to what it says and what it said', async () => {
    await rotate('one');
    await restart();
    await rotate('two');
    await restart();
    network.clock.advance(60_000);
    await alice.say(room, 'after');
    await network.settle();
    expect(textsOf(await bob.history(room))).to.eql(['after', 'before']);
    // Somebody who has never asked for its keys finds those of before among the old ones.
    await carol.join(room, ['b.test']);
    expect(textsOf(await carol.history(room))).to.eql(['after', 'before']);
    expect(await carol.state(room)).to.eql(await alice.state(room));
    await bob.say(room, 'welcome');
    await network.settle();
    expect(textsOf(await alice.history(room))[0]).to.equal('welcome');
  });
});
