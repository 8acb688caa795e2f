import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { IdentityServer } from '../src/identity-server.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

const ADDRESS = 'eve@example.org';
const VERSIONS = ['1', '6', '11', '12'];

/** https://spec.matrix.org/latest/client-server-api/#third-party-invites */
describe('invites to addresses', () => {
  let network: TestNetwork;
  let identity: IdentityServer;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      strangers: { 'rogue.test': rogue.url },
      config: { outgoing: { identity: { allow_private_addresses: true, verify_certificates: false } } },
    });
  });
  beforeEach(async () => {
    identity = await IdentityServer.start();
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  afterEach(() => identity[Symbol.asyncDispose]());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const wish = (more: object = {}) => ({
    id_server: identity.name,
    id_access_token: 'lent',
    medium: 'email',
    address: ADDRESS,
    ...more,
  });
  const invite = (room: string, more: object = {}, who = alice) =>
    who.request('POST', `${pathOf(room)}/invite`, wish(more));
  const privateRoom = (more: object = {}) => alice.createRoom({ preset: 'private_chat', name: 'Den', ...more });
  const standing = async (room: string, who: Person): Promise<string | undefined> =>
    (await alice.members(room))[who.userId];
  const tellHome = (who: Person, binding: JsonObject) =>
    call('PUT', `${who.home.url}/_matrix/federation/v1/3pid/onbind`, { body: binding });
  const bind = (who: Person) => tellHome(who, identity.binding(who.userId, ADDRESS));
  const waitsIn = async (room: string): Promise<Record<string, string>> => {
    const state = await alice.state(room);
    return Object.fromEntries(Object.entries(state).filter(([key]) => key.startsWith('m.room.third_party_invite ')));
  };

  it('are invites of whoever is known to have them', async () => {
    identity.known.set(ADDRESS, bob.userId);
    const room = await privateRoom();
    expect((await invite(room, { address: ' Eve@Example.ORG ' })).status).to.equal(200);
    await bob.view.until('the invite', ({ invited }) => invited.has(room));
    const lookup = identity.asked.find(([path]) => path.endsWith('/lookup'))!;
    expect(lookup[1]).to.equal('lent');
    expect(lookup[2].algorithm).to.equal('sha256');
    expect(JSON.stringify(identity.asked)).not.to.include(ADDRESS);
    expect(identity.invites).to.deep.equal([]);
  });

  it('ask again when the pepper has changed, once', async () => {
    identity.answers.set('/hash_details', { status: 200, body: { lookup_pepper: 'old', algorithms: ['sha256'] } });
    identity.known.set(ADDRESS, bob.userId);
    const room = await privateRoom();
    expect((await invite(room)).status).to.equal(200);
    expect(await standing(room, bob)).to.equal('invite');
    expect(identity.asked.map(([path]) => path.replace('/_matrix/identity/v2', ''))).to.deep.equal([
      '/hash_details',
      '/lookup',
      '/lookup',
    ]);
  });

  for (const room_version of VERSIONS) {
    it(`wait for somebody of another server to prove to have them, in version ${room_version}`, async () => {
      const room = await privateRoom({ room_version });
      expect((await invite(room)).status).to.equal(200);
      expect(identity.invites[0]).to.include({
        address: ADDRESS,
        room_id: room,
        sender: alice.userId,
        room_name: 'Den',
      });
      const waiting = await alice.stateAt(room, ['m.room.third_party_invite', 'token0']);
      expect(waiting).to.include.keys('display_name', 'public_key', 'key_validity_url', 'public_keys');
      expect(JSON.stringify(waiting)).not.to.include(ADDRESS);
      expect((await bind(bob)).status).to.equal(200);
      await bob.view.until('the invite', ({ invited }) => invited.has(room));
      const member = await alice.stateAt(room, ['m.room.member', bob.userId]);
      expect(member.membership).to.equal('invite');
      expect(member.third_party_invite).to.deep.include({ display_name: 'e...@e...' });
      await bob.join(room);
      await network.settle();
      expect(await bob.state(room)).to.deep.equal(await alice.state(room));
    });
  }

  it('wait for somebody of this server, too', async () => {
    const room = await privateRoom();
    await invite(room);
    const carol = await network.person('carol', 'a.test');
    await bind(carol);
    await carol.view.until('the invite', ({ invited }) => invited.has(room));
    await carol.join(room);
  });

  it('are made into invites by any server of the room, whose word the others check', async () => {
    const room = await privateRoom();
    const carol = await network.person('carol', 'b.test');
    await alice.invite(room, carol);
    await carol.join(room);
    await invite(room);
    await network.settle();
    await bind(bob);
    await network.settle();
    expect(await standing(room, bob)).to.equal('invite');
    await bob.join(room);
    await network.settle();
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });

  it('can be used with a join that brings the proof', async () => {
    const room = await privateRoom();
    await invite(room);
    const third_party_signed = identity.proof(bob.userId, { token: 'token0', sender: alice.userId });
    const join = (who: Person) => who.request('POST', `/join/${room}?via=a.test`, { third_party_signed });
    const eve = await network.person('eve', 'b.test');
    expect((await join(eve)).status).to.equal(400);
    expect((await join(bob)).status).to.equal(200);
    expect(await standing(room, bob)).to.equal('join');
  });

  it('come with new rooms', async () => {
    const room = await alice.createRoom({ preset: 'private_chat', invite_3pid: [wish()] });
    expect(Object.keys(await waitsIn(room))).to.deep.equal(['m.room.third_party_invite token0']);
    const answer = await alice.request('POST', '/createRoom', { invite_3pid: [{ medium: 'email', address: 'x' }] });
    expect([answer.status, answer.body.errcode]).to.deep.equal([400, 'M_MISSING_PARAM']);
  });

  describe('come to nothing', () => {
    const unusable: readonly (readonly [string, (room: string) => unknown])[] = [
      ['when they have been taken back', (room) => alice.setState(room, ['m.room.third_party_invite', 'token0'], {})],
      ['when their key has been', () => (identity.isKeyValid = false)],
      ['when nobody says whether it has', () => identity.answers.set('/pubkey/isvalid', { status: 500, body: {} })],
      [
        'when who has the address is banned',
        (room) => alice.ask('POST', `${pathOf(room)}/ban`, { user_id: bob.userId }),
      ],
      ['when they are for another token', () => (identity.invites[0].token = 'token9')],
      ['when somebody else is said to have sent them', () => (identity.invites[0].sender = '@someone:a.test')],
    ];
    for (const [what, change] of unusable) {
      it(what, async () => {
        const room = await privateRoom();
        await invite(room);
        await change(room);
        await bind(bob);
        await network.settle();
        expect(await standing(room, bob)).not.to.equal('invite');
      });
    }

    it('when the proof is forged, or of another user', async () => {
      const room = await privateRoom();
      await invite(room);
      const [proper] = identity.binding(bob.userId, ADDRESS)['invites'] as JsonObject[];
      const signed = proper!['signed'] as JsonObject;
      const forgeries: Json[] = [
        { ...proper, signed: { ...signed, signatures: { 'identity.test': { 'ed25519:0': 'AAAA' } } } },
        { ...proper, signed: { ...signed, extra: 1 } },
        { ...proper, signed: identity.proof('@eve:b.test', { token: 'token0', sender: alice.userId }) },
        { ...proper, mxid: '@eve:b.test' },
        { ...proper, room_id: '!nowhere:a.test' },
        { ...proper, sender: 7 },
        {},
        null,
      ];
      const answer = await tellHome(bob, { medium: 'email', address: ADDRESS, mxid: bob.userId, invites: forgeries });
      expect(answer.status).to.equal(200);
      await network.settle();
      expect(await standing(room, bob)).to.equal(undefined);
    });

    it('for somebody who is in the room already, and stays there', async () => {
      const room = await privateRoom({ preset: 'public_chat' });
      await bob.join(room, ['a.test']);
      await invite(room);
      await network.settle();
      await bind(bob);
      await network.settle();
      expect(await standing(room, bob)).to.equal('join');
    });

    it('at a server that has no such user', async () => {
      const { status, body } = await tellHome(bob, {
        ...identity.binding('@nobody:b.test', ADDRESS),
        mxid: '@nobody:b.test',
      });
      expect([status, body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
      expect((await tellHome(bob, { ...identity.binding(alice.userId, ADDRESS) })).status).to.equal(404);
    });

    it('when another server asks for them that has nothing to do with it', async () => {
      const room = await privateRoom();
      await invite(room);
      const partial = (user: string, more: object = {}): Json => ({
        type: 'm.room.member',
        room_id: room,
        sender: alice.userId,
        state_key: user,
        content: {
          membership: 'invite',
          third_party_invite: {
            display_name: 'x',
            signed: identity.proof(user, { token: 'token0', sender: alice.userId }),
          },
        },
        ...more,
      });
      const ask = async (body: Json, to = room) => {
        const path = `/_matrix/federation/v1/exchange_third_party_invite/${encodeURIComponent(to)}`;
        const answer = await rogue.send(network.server('a.test'), 'PUT', path, body);
        return [answer.status, answer.body.errcode];
      };
      const own = '@m:rogue.test';
      expect(await ask(partial(bob.userId))).to.deep.equal([403, 'M_FORBIDDEN']);
      expect(await ask(partial(own), '!nowhere:a.test')).to.deep.equal([404, 'M_NOT_FOUND']);
      expect(await ask(partial(own, { room_id: '!other:a.test' }))).to.deep.equal([400, 'M_INVALID_PARAM']);
      expect(await ask(partial(own, { content: { membership: 'join' } }))).to.deep.equal([400, 'M_INVALID_PARAM']);
      expect(await ask(partial(own, { type: 'm.room.topic' }))).to.deep.equal([400, 'M_INVALID_PARAM']);
      expect(await ask(partial(own, { sender: '@someone:a.test' }))).to.deep.equal([403, 'M_FORBIDDEN']);
      await alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: ['rogue.test'] });
      expect(await ask(partial(own))).to.deep.equal([403, 'M_FORBIDDEN']);
      expect(Object.keys(await alice.members(room))).to.deep.equal([alice.userId]);
    });
  });

  describe('are refused', () => {
    const missing = ['id_server', 'id_access_token', 'address', 'medium'];
    for (const name of missing) {
      it(`without ${name}`, async () => {
        const { status, body } = await invite(await privateRoom(), { [name]: undefined });
        expect([status, body.errcode]).to.deep.equal([400, 'M_MISSING_PARAM']);
      });
    }

    const wrong: readonly (readonly [string, object])[] = [
      ['with a medium that nobody knows', { medium: 'pigeon' }],
      ['with a host that is none', { id_server: 'x/../y' }],
      ['with a token that is none', { id_access_token: 'a\r\nb' }],
      ['without anybody to invite', { address: '' }],
    ];
    for (const [what, change] of wrong) {
      it(what, async () => {
        const { status, body } = await invite(await privateRoom(), change);
        expect([status, body.errcode]).to.deep.equal([400, 'M_INVALID_PARAM']);
        expect(identity.asked).to.deep.equal([]);
      });
    }

    it('to who may not invite, before anybody learns of the address', async () => {
      const room = await privateRoom({ power_level_content_override: { invite: 50 } });
      const carol = await network.person('carol', 'a.test');
      expect((await invite(room, {}, carol)).status).to.equal(403);
      await alice.invite(room, carol);
      await carol.join(room);
      expect((await invite(room, {}, carol)).status).to.equal(403);
      expect(identity.asked).to.deep.equal([]);
    });

    const failures: readonly (readonly [string, number, Json, number, string])[] = [
      ['/hash_details', 403, { errcode: 'M_TERMS_NOT_SIGNED', error: 'read' }, 403, 'M_TERMS_NOT_SIGNED'],
      ['/lookup', 401, { errcode: 'M_UNAUTHORIZED', error: 'who?' }, 403, 'M_UNAUTHORIZED'],
      ['/lookup', 401, { errcode: 'M_UNKNOWN_TOKEN', error: 'who?' }, 403, 'M_FORBIDDEN'],
      ['/lookup', 500, {}, 502, 'M_UNKNOWN'],
      ['/hash_details', 200, { algorithms: ['md5'] }, 502, 'M_UNKNOWN'],
      ['/store-invite', 200, { token: 'a/b', public_keys: [], display_name: 'x' }, 502, 'M_UNKNOWN'],
      ['/store-invite', 400, { errcode: 'M_THREEPID_IN_USE', error: 'x' }, 400, 'M_THREEPID_IN_USE'],
    ];
    for (const [path, said, body, status, errcode] of failures) {
      it(`when ${path} says ${said} ${JSON.stringify(body)}`, async () => {
        identity.answers.set(path, { status: said, body });
        const room = await privateRoom();
        const answer = await invite(room);
        expect([answer.status, answer.body.errcode]).to.deep.equal([status, errcode]);
        expect(await waitsIn(room)).to.deep.equal({});
      });
    }

    it('when there is no identity server', async () => {
      const { status, body } = await invite(await privateRoom(), { id_server: '127.0.0.1:1' });
      expect([status, body.errcode]).to.deep.equal([502, 'M_UNKNOWN']);
    });
  });
});

describe('identity servers at addresses that are never contacted', () => {
  it('are not asked', async () => {
    await using identity = await IdentityServer.start();
    const config = { outgoing: { identity: { verify_certificates: false } } };
    await using network = await TestNetwork.with({ names: ['a.test'], config });
    const alice = await network.person('alice', 'a.test');
    const room = await alice.createRoom();
    const body = { id_server: identity.name, id_access_token: 't', medium: 'email', address: ADDRESS };
    expect((await alice.request('POST', `${pathOf(room)}/invite`, body)).status).to.equal(502);
    expect(identity.asked).to.deep.equal([]);
  });
});
