import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { PASSWORD, type Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { memberOf, NOT_A_MEMBER, NOT_PROVEN, refused, RtcScene, SLOT } from '../src/rtc-scene.ts';

describe('MatrixRTC', function () {
  this.timeout(30_000);
  let scene: RtcScene;
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let room: string;
  before(async () => {
    scene = await RtcScene.open();
    ({ network, rogue, alice, room } = scene);
  });
  after(() => scene[Symbol.asyncDispose]());

  describe('discovery', () => {
    it('tells every generation of clients where calls are', async () => {
      const { url } = alice.home;
      const told = {
        livekit_service_url: 'https://a.test/livekit/jwt',
        url: 'wss://a.test/livekit/sfu',
      };
      const get = (path: string) => call('GET', url + path, { token: alice.token });
      const unstable = await get('/_matrix/client/unstable/org.matrix.msc4143/rtc/transports');
      expect(unstable.body).to.deep.equal({ rtc_transports: [{ type: 'livekit', ...told }] });
      const stable = await get('/_matrix/client/v1/rtc/transports');
      expect(stable.body).to.deep.equal({ transports: [{ type: 'm.livekit', ...told }] });
      const wellKnown = await call('GET', `${url}/.well-known/matrix/client`);
      expect(wellKnown.body['org.matrix.msc4143.rtc_foci']).to.deep.equal([
        { type: 'livekit', livekit_service_url: told.livekit_service_url },
      ]);
      expect((await get('/_matrix/client/versions')).body.unstable_features).to.include({ 'org.matrix.msc4143': true });
      expect((await call('GET', `${url}/_matrix/client/v1/rtc/transports`)).status).to.equal(401);
    });

    it('tells of nothing where calls are off', async () => {
      await using off = await TestNetwork.start('a.test');
      const person = await off.person('alice', 'a.test');
      const get = (path: string) => call('GET', person.home.url + path, { token: person.token });
      for (const path of ['/v1/rtc/transports', '/unstable/org.matrix.msc4143/rtc/transports']) {
        expect(refused(await get(`/_matrix/client${path}`))).to.deep.equal([404, 'M_UNRECOGNIZED']);
      }
      expect((await get('/.well-known/matrix/client')).body).to.have.all.keys('m.homeserver');
      expect((await get('/_matrix/client/versions')).body.unstable_features['org.matrix.msc4143']).to.equal(false);
      for (const path of ['/sfu/get', '/get_token', '/delegate_delayed_leave']) {
        expect((await call('POST', `${person.home.url}/livekit/jwt${path}`, { body: {} })).status).to.equal(404);
      }
    });
  });

  describe('a TURN server', () => {
    it('is told of to those who have an account, where there is one', async () => {
      const ask = (who: Person) => who.ask('GET', '/voip/turnServer');
      expect(await ask(alice)).to.deep.equal({});
      const turn = { uris: ['turn:turn.test'], shared_secret: 'hush', ttl_seconds: 600 };
      await using other = await TestNetwork.with({ names: ['a.test'], config: { turn } });
      const person = await other.person('alice', 'a.test');
      const told = await ask(person);
      const until = Math.floor(other.clock.now() / 1_000) + 600;
      expect(told).to.deep.include({ uris: turn.uris, ttl: 600, username: `${until}:${person.userId}` });
      expect(told.password).to.match(/^[A-Za-z0-9+/]{27}=$/);
      expect((await call('GET', `${person.home.url}/_matrix/client/v3/voip/turnServer`)).status).to.equal(401);
    });
  });

  describe('the token service', () => {
    it('lets devices in that prove whose they are', async () => {
      const { body, headers, status } = await scene.legacy(alice);
      expect([status, body.url, headers.get('access-control-allow-origin')]).to.eql([
        200,
        'wss://a.test/livekit/sfu',
        '*',
      ]);
      const grant = scene.read({ body, headers, status });
      expect(grant).to.deep.include({ identity: `${alice.userId}:${alice.deviceId}`, canPublish: true });
      expect(grant.member).to.deep.equal({ userId: alice.userId, deviceId: alice.deviceId, roomId: room });
      // Element Call reads the claims with `atob`.
      const claims = JSON.parse(atob((body.jwt as string).split('.')[1]!)) as { sub: string; video: { room: string } };
      expect([claims.sub, claims.video.room]).to.deep.equal([grant.identity, grant.call]);
    });

    it('brings members of a slot into the same call as those devices, and hides who they are', async () => {
      const [old, member] = [scene.read(await scene.legacy(alice)), scene.read(await scene.draft(alice))];
      expect(member.call).to.equal(old.call);
      expect(member.identity).not.to.contain('alice');
      expect(scene.read(await scene.draft(alice, { slot_id: 'm.call#other' })).call).not.to.equal(old.call);
      expect(scene.read(await scene.draft(alice, {}, { id: 'N' })).identity).not.to.equal(member.identity);
      expect(scene.read(await scene.draft(alice)).identity).to.equal(member.identity);
    });

    it('answers preflights of browsers', async () => {
      const headers = { origin: 'https://call.example', 'access-control-request-method': 'POST' };
      const { status, headers: answered } = await call('OPTIONS', `${alice.home.url}/livekit/jwt/sfu/get`, { headers });
      expect([status, answered.get('access-control-allow-origin')]).to.deep.equal([204, '*']);
      expect(answered.get('access-control-allow-headers')).to.contain('Content-Type');
    });

    it('believes nobody but the token', async () => {
      const other = await alice.login();
      const mallory = await network.person('mallory', 'a.test');
      await mallory.join(room);
      const proof = await scene.proofOf(mallory);
      const wrong: Answer[] = [
        await scene.legacy(alice, { openid_token: { ...proof, access_token: 'made up' } }),
        await scene.legacy(alice, { openid_token: { ...proof, access_token: alice.token } }),
        await scene.legacy(alice, { openid_token: proof }), // a device that is not the token's
        await scene.legacy(other, { device_id: alice.deviceId }),
        await scene.draft(alice, { openid_token: proof }),
        await scene.draft(mallory, {}, { claimed_user_id: alice.userId }),
        await scene.draft(mallory, {}, { claimed_device_id: alice.deviceId }),
      ];
      for (const answer of wrong) expect(refused(answer)).to.deep.equal(NOT_PROVEN);
    });

    it('does not let a device come as somebody whose server has a port', async () => {
      const body = {
        type: 'm.login.password',
        identifier: { type: 'm.id.user', user: alice.name },
        password: PASSWORD,
      };
      const session = await call('POST', `${alice.home.url}/_matrix/client/v3/login`, {
        body: { ...body, device_id: '8448:X' },
      });
      const token = session.body.access_token as string;
      const path = `/_matrix/client/v3/user/${encodeURIComponent(alice.userId)}/openid/request_token`;
      const proof = await call('POST', alice.home.url + path, { token, body: {} });
      const asked = { room, openid_token: proof.body, device_id: '8448:X' };
      expect(refused(await scene.service('/sfu/get', asked))).to.deep.equal([400, 'M_BAD_JSON']);
    });

    it('keeps nobody else waiting for those who ask too often', async () => {
      const rate = { per_second: 1, burst: 3 };
      const config = { calls: { enabled: true, worker: '/nonexistent' }, rate_limits: { ...OFF, call: rate } };
      await using other = await TestNetwork.with({ names: ['a.test'], config });
      const [bob, carol] = [await other.person('bob', 'a.test'), await other.person('carol', 'a.test')];
      const ask = (who: Person) =>
        call('POST', `${who.home.url}/_matrix/client/v1/rtc/livekit/get_token`, { token: who.token, body: {} });
      const stranger = () => call('POST', `${bob.home.url}/livekit/jwt/get_token`, { body: {} });
      for (const often of [() => ask(bob), stranger]) {
        for (let count = 0; count < 3; count++) expect(refused(await often())).to.deep.equal([400, 'M_BAD_JSON']);
        const { status, body, headers } = await often();
        expect([status, body.errcode, body.retry_after_ms]).to.deep.equal([429, 'M_LIMIT_EXCEEDED', 1_000]);
        expect(headers.get('access-control-allow-origin')).to.equal('*');
      }
      expect((await ask(carol)).status).to.equal(400);
      other.clock.advance(1_000);
      expect((await ask(bob)).status).to.equal(400);
    });

    it('does not let in who is not in the room, or not logged in any more', async () => {
      const bob = await network.person('bob', 'a.test');
      expect(refused(await scene.legacy(bob))).to.deep.equal(NOT_A_MEMBER);
      expect(refused(await scene.legacy(alice, { room: '!unknown:a.test' }))).to.deep.equal(NOT_A_MEMBER);
      await bob.join(room);
      scene.read(await scene.legacy(bob));
      await alice.ban(room, bob);
      expect(refused(await scene.draft(bob))).to.deep.equal(NOT_A_MEMBER);
      const elsewhere = await alice.login();
      const body = { room, openid_token: await scene.proofOf(elsewhere), device_id: elsewhere.deviceId };
      scene.read(await scene.service('/sfu/get', body));
      await elsewhere.ask('POST', '/logout', {});
      const late = await scene.service('/sfu/get', body);
      expect(refused(late)).to.deep.equal(NOT_A_MEMBER);
    });

    it('says what is wrong with a request, and never that it does not know it', async () => {
      const openid_token = await scene.proofOf(alice);
      const long = 'x'.repeat(256);
      const bodies = [
        ['/sfu/get', {}],
        ['/sfu/get', { room, openid_token }],
        ['/sfu/get', { room: 'no room', openid_token, device_id: 'D' }],
        ['/sfu/get', { room: `!${long}`, openid_token, device_id: 'D' }],
        ['/sfu/get', { room, openid_token, device_id: long }],
        ['/get_token', { room_id: room, slot_id: SLOT, openid_token, member: { id: 'M' } }],
        ['/get_token', { room_id: room, slot_id: long, openid_token, member: memberOf(alice) }],
        ['/get_token', { room_id: room, slot_id: SLOT, openid_token, member: { ...memberOf(alice), id: long } }],
        ['/get_token', { room_id: room, slot_id: '\ud800', openid_token, member: memberOf(alice) }],
        ['/get_token', { room_id: room, slot_id: SLOT, openid_token: {}, member: memberOf(alice) }],
      ] as const;
      for (const [path, body] of bodies) {
        expect(refused(await scene.service(path, body)), `${path} ${JSON.stringify(body)}`).to.eql([400, 'M_BAD_JSON']);
      }
      expect(refused(await scene.service('/sfu/get', 'nonsense'))).to.deep.equal([400, 'M_NOT_JSON']);
      expect((await scene.service('/sfu/get', { padding: 'x'.repeat(20_000) })).status).to.equal(413);
    });
  });

  describe('users of other servers', () => {
    it('get tokens with which they are heard, and newer ones with which they only hear', async () => {
      const bob = await network.person('bob', 'b.test');
      expect(refused(await scene.legacy(bob)), 'nobody of their server is in the room').to.deep.equal(NOT_PROVEN);
      await bob.join(room, ['a.test']);
      await network.settle();
      const grant = scene.read(await scene.legacy(bob));
      expect(grant).to.deep.include({ identity: `${bob.userId}:${bob.deviceId}`, canPublish: true });
      expect(scene.read(await scene.draft(bob)).canPublish).to.equal(false);
      const carol = await network.person('carol', 'b.test');
      expect(refused(await scene.legacy(carol)), 'only somebody else of it').to.deep.equal(NOT_A_MEMBER);
      const { access_token } = await scene.proofOf(carol);
      const pretending = { access_token, matrix_server_name: 'a.test' };
      expect(refused(await scene.draft(bob, { openid_token: pretending }))).to.deep.equal(NOT_PROVEN);
    });

    it('are not asked for where nobody of them is, nor after an ACL, nor when all of ours have left', async () => {
      const other = await alice.createRoom();
      const bob = await network.person('bob', 'b.test');
      const dave = await network.person('dave', 'b.test');
      await bob.join(other, ['a.test']);
      await network.settle();
      const before = network.link('a.test', 'b.test').bytes;
      expect(refused(await scene.legacy(dave, { room: await alice.createRoom() }))).to.deep.equal(NOT_PROVEN);
      expect(network.link('a.test', 'b.test').bytes, 'nothing was asked').to.equal(before);
      scene.read(await scene.legacy(bob, { room: other }));
      await alice.setState(other, ['m.room.server_acl', ''], { allow: ['*'], deny: ['b.test'] });
      expect(refused(await scene.legacy(bob, { room: other }))).to.deep.equal(NOT_PROVEN);
      await alice.setState(other, ['m.room.server_acl', ''], { allow: ['*'], deny: [] });
      scene.read(await scene.legacy(bob, { room: other }));
      await alice.leave(other);
      expect(refused(await scene.legacy(bob, { room: other }))).to.deep.equal(NOT_PROVEN);
    });

    it('are believed by their own server only', async () => {
      const bob = await network.person('bob', 'b.test');
      await bob.join(room, ['a.test']);
      const rogues = await RogueRoom.join(rogue, network.server('a.test'), room);
      const said = { sub: '' };
      rogue.answers.set('/_matrix/federation/v1/openid/userinfo', () => ({ status: 200, body: { ...said } }));
      const openid_token = { access_token: 'anything', matrix_server_name: rogue.name };
      const claims: readonly (readonly [string, readonly [number, string] | undefined])[] = [
        [rogues.user, undefined],
        [alice.userId, NOT_PROVEN],
        [bob.userId, NOT_PROVEN],
        [`@somebody:${rogue.name}`, NOT_A_MEMBER],
        ['nobody', NOT_PROVEN],
      ];
      for (const [sub, expected] of claims) {
        said.sub = sub;
        const answer = await scene.service('/sfu/get', { room, openid_token, device_id: 'D' });
        if (expected) expect(refused(answer), sub).to.deep.equal(expected);
        else expect(scene.read(answer).member).to.deep.include({ userId: sub, deviceId: 'D' });
      }
      rogue.answers.set('/_matrix/federation/v1/openid/userinfo', () => ({ status: 500, body: {} }));
      expect(refused(await scene.service('/sfu/get', { room, openid_token, device_id: 'D' }))).to.deep.equal(
        NOT_PROVEN,
      );
    });
  });
});

const OFF = Object.fromEntries(['login', 'registration', 'join', 'other'].map((of) => [of, 'off']));
