import { expect } from 'chai';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

/** https://spec.matrix.org/latest/client-server-api/#profiles */
describe('profiles', () => {
  let network: TestNetwork;
  let stranger: Rogue;
  before(async () => {
    stranger = await Rogue.start('stranger.test', new ManualClock());
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], strangers: { 'stranger.test': stranger.url } });
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await stranger[Symbol.asyncDispose]();
  });

  const set = (who: Person, key: string, value: unknown) =>
    who.ask('PUT', `/profile/${encodeURIComponent(who.userId)}/${key}`, { [key]: value });

  it('are told to other servers with all their fields, or one', async () => {
    const [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'b.test')];
    const path = `/profile/${encodeURIComponent(alice.userId)}`;
    await set(alice, 'displayname', 'Alice');
    await set(alice, 'm.tz', 'Europe/London');
    await set(alice, 'org.example.pronouns', [{ summary: 'she' }]);
    const all = { displayname: 'Alice', 'm.tz': 'Europe/London', 'org.example.pronouns': [{ summary: 'she' }] };
    expect(await bob.ask('GET', path)).to.deep.equal(all);
    expect(await bob.ask('GET', `${path}/m.tz`)).to.deep.equal({ 'm.tz': 'Europe/London' });
    const absent = await bob.request('GET', `${path}/org.example.none`);
    expect([absent.status, absent.body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    await alice.ask('DELETE', `${path}/m.tz`);
    await network.retry();
    expect((await bob.request('GET', `${path}/m.tz`)).status).to.equal(404);
  });

  it('say of what is too large for them that it is, however large', async () => {
    const alice = await network.person('alice', 'a.test');
    const path = `/profile/${encodeURIComponent(alice.userId)}/org.example.long`;
    for (const length of [65_536, 500_000]) {
      const answer = await alice.request('PUT', path, { 'org.example.long': 'x'.repeat(length) });
      expect([answer.status, answer.body.errcode], String(length)).to.deep.equal([400, 'M_PROFILE_TOO_LARGE']);
    }
  });

  it('leave out what is not set, for servers that ask for one field', async () => {
    const alice = await network.person('alice', 'a.test');
    await set(alice, 'displayname', 'Alice');
    const ask = (field: string, user = alice.userId) =>
      stranger.send(
        network.server('a.test'),
        'GET',
        `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(user)}&field=${field}`,
      );
    expect(await ask('avatar_url')).to.deep.include({ status: 200, body: {} });
    expect(await ask('displayname')).to.deep.include({ status: 200, body: { displayname: 'Alice' } });
    expect((await ask('displayname', '@nobody:a.test')).status).to.equal(404);
  });
});
