import { sha256 } from '@holm/homeserver/core/crypto/hashes';
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { NOT_A_MEMBER, refused, RtcScene, SLOT } from '../src/rtc-scene.ts';

describe('homeservers and their SFUs', function () {
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

  const V1 = '/_matrix/client/v1/rtc/livekit';
  const UNSTABLE = '/_matrix/client/unstable/io.element.msc4195/rtc/livekit';
  const sfuOf = (server: string) => `wss://${server}/livekit/sfu`;
  const ask = (who: Person, more: object = {}, path = `${V1}/get_token`): Promise<Answer> => {
    const body = { url: sfuOf('a.test'), room_id: room, slot_id: SLOT, member_id: 'M', ...more };
    return call('POST', who.home.url + path, { token: who.token, body });
  };

  it('let their own users in, under the name that the proposal gives a member', async () => {
    const grant = scene.read(await ask(alice));
    expect(grant.identity).to.equal(sha256(JSON.stringify([alice.userId, 'M'])));
    expect([grant.call, grant.canPublish]).to.deep.equal([sha256(JSON.stringify([room, SLOT])), true]);
    expect(grant.member).to.deep.equal({ userId: alice.userId, deviceId: alice.deviceId, roomId: room });
    expect(scene.read(await ask(alice, {}, `${UNSTABLE}/get_token`)).identity).to.equal(grant.identity);
    const drafted = { member_id: undefined, member: { id: 'M', claimed_device_id: 'X' }, server_name: 'a.test' };
    expect(scene.read(await ask(alice, drafted)).identity).to.equal(grant.identity);
  });

  it('refuse who is not in the room, and SFUs that are not theirs', async () => {
    const stranger = await network.person('stranger', 'a.test');
    expect(refused(await ask(stranger))).to.deep.equal(NOT_A_MEMBER);
    expect(refused(await ask(stranger, { url: 'wss://elsewhere.test' }))).to.deep.equal(NOT_A_MEMBER);
    expect(refused(await ask(alice, { room_id: '!unknown' }))).to.deep.equal(NOT_A_MEMBER);
    expect(refused(await ask(alice, { url: 'wss://elsewhere.test' }))).to.deep.equal([400, 'M_INVALID_PARAM']);
    expect(refused(await ask(alice, { member_id: undefined }))).to.deep.equal([400, 'M_BAD_JSON']);
    expect((await call('POST', `${alice.home.url}${V1}/get_token`, { body: {} })).status).to.equal(401);
  });

  it("let each other's users in, to hear", async () => {
    const bob = await network.person('bob', 'b.test');
    const theirs = { server_name: 'a.test', url: sfuOf('a.test') };
    expect(refused(await ask(bob, theirs)), 'before joining').to.deep.equal(NOT_A_MEMBER);
    await bob.join(room, ['a.test']);
    await network.settle();
    const grant = scene.read(await ask(bob, theirs));
    expect(grant.identity).to.equal(sha256(JSON.stringify([bob.userId, 'M'])));
    expect(grant).to.deep.include({ canPublish: false, member: { userId: bob.userId, roomId: room } });
    expect(scene.read(await ask(bob, { url: sfuOf('b.test') }), 'b.test').canPublish, 'and send at home').to.equal(
      true,
    );
    const other = await ask(bob, { ...theirs, url: sfuOf('b.test') });
    expect(refused(other), 'what the other server says').to.deep.equal([400, 'M_INVALID_PARAM']);
    expect(refused(await ask(bob, { ...theirs, server_name: 'elsewhere.test' }))).to.deep.equal(NOT_A_MEMBER);
  });

  it('speak to those that know only drafts, and say no more than that something went wrong', async () => {
    await RogueRoom.join(rogue, network.server('a.test'), room);
    const theirs = { server_name: rogue.name, url: 'wss://sfu.rogue.test' };
    expect(refused(await ask(alice, theirs))).to.deep.equal([502, 'M_UNKNOWN']);
    const heard: unknown[] = [];
    const address = '/_matrix/federation/unstable/io.element.msc4195/rtc/livekit/get_token';
    rogue.answers.set(address, (_, body) => {
      heard.push(body);
      const isDraft = typeof body === 'object' && body !== null && 'member' in body;
      return isDraft ? { status: 200, body: { jwt: 'theirs' } } : { status: 400, body: { errcode: 'M_BAD_JSON' } };
    });
    expect((await ask(alice, theirs)).body).to.deep.equal({ jwt: 'theirs' });
    const about = { user_id: alice.userId, url: theirs.url, room_id: room, slot_id: SLOT };
    expect(heard).to.deep.equal([
      { ...about, member_id: 'M' },
      { ...about, member: { id: 'M' } },
    ]);
    for (const said of [{ jwt: 7 }, {}, { jwt: 'x'.repeat(100_000) }]) {
      rogue.answers.set(address, () => ({ status: 200, body: said }));
      expect(refused(await ask(alice, theirs))).to.deep.equal([502, 'M_UNKNOWN']);
    }
    rogue.answers.delete(address);
  });

  it('vouch for their own users only, and only for those in the room', async () => {
    const bob = await network.person('bob', 'b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    const { user } = await RogueRoom.join(rogue, network.server('a.test'), room);
    const path = '/_matrix/federation/v1/rtc/livekit/get_token';
    const vouch = (user_id: string, more: object = {}) =>
      rogue.send(network.server('a.test'), 'POST', path, {
        ...{ user_id, url: sfuOf('a.test'), room_id: room, slot_id: SLOT, member_id: 'M' },
        ...more,
      });
    expect(scene.read(await vouch(user)).member).to.deep.equal({ userId: user, roomId: room });
    for (const other of [bob.userId, alice.userId, `@nobody:${rogue.name}`]) {
      expect(refused(await vouch(other)), other).to.deep.equal(NOT_A_MEMBER);
    }
    expect(refused(await vouch(user, { room_id: await alice.createRoom() }))).to.deep.equal(NOT_A_MEMBER);
    expect(refused(await vouch(user, { url: 'wss://x' }))).to.deep.equal([400, 'M_INVALID_PARAM']);
    const unsigned = await call('POST', alice.home.url + path, { body: { user_id: user } });
    expect(refused(unsigned)).to.deep.equal([401, 'M_UNAUTHORIZED']);
    await alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: [rogue.name] });
    expect(refused(await vouch(user)), 'shut out').to.deep.equal(NOT_A_MEMBER);
  });
});
