import { expect } from 'chai';
import { Preset } from 'matrix-js-sdk';
import { hasMembership, hears, JsSdk } from '../src/js-sdk.ts';
import { TestNetwork } from '../src/network.ts';

/** Most clients are built on matrix-js-sdk or expect of a server what it expects. Classic sync, no encryption. */
describe('two users of matrix-js-sdk', () => {
  let sdk: JsSdk;
  let network: TestNetwork;
  before(async () => {
    sdk = new JsSdk();
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(async () => {
    sdk[Symbol.dispose]();
    await network[Symbol.asyncDispose]();
  });

  it('register, sync, meet in a room and talk', async () => {
    const [alice, bob] = await Promise.all([
      sdk.signUp(network.server('a.test'), 'alice'),
      sdk.signUp(network.server('b.test'), 'bob'),
    ]);
    const { room_id: room } = await alice.createRoom({
      preset: Preset.PublicChat,
      room_alias_name: 'den',
      name: 'Den',
    });
    const joined = await bob.joinRoom('#den:a.test');
    expect(joined.roomId).to.equal(room);

    const heard = hears(bob, room, 'Hello Bob');
    await alice.sendTextMessage(room, 'Hello Bob');
    expect((await heard).getSender()).to.equal('@alice:a.test');
    const answer = hears(alice, room, 'Hello Alice');
    await bob.sendTextMessage(room, 'Hello Alice');
    expect((await answer).getSender()).to.equal('@bob:b.test');

    expect(bob.getRoom(room)?.name).to.equal('Den');
    await network.settle();
    expect(alice.getRoom(room)?.getJoinedMemberCount()).to.equal(2);
  });

  it('invite each other and page back', async () => {
    const [carol, dave] = await Promise.all([
      sdk.signUp(network.server('a.test'), 'carol'),
      sdk.signUp(network.server('b.test'), 'dave'),
    ]);
    const { room_id: room } = await carol.createRoom({ preset: Preset.PrivateChat, name: 'Burrow' });
    for (let n = 1; n <= 30; n++) await carol.sendTextMessage(room, `message ${n}`);
    await carol.invite(room, '@dave:b.test');
    await hasMembership(dave, room, 'invite');
    await dave.joinRoom(room);
    await dave.sendTextMessage(room, 'what did I miss?');
    await hears(carol, room, 'what did I miss?');
    await hears(dave, room, 'what did I miss?');
    const timeline = dave.getRoom(room)!.getLiveTimeline();
    while (await dave.paginateEventTimeline(timeline, { backwards: true, limit: 10 }));
    const texts = timeline.getEvents().flatMap((event) => (event.getContent()['body'] as string | undefined) ?? []);
    expect(texts.slice(0, 30)).to.deep.equal(Array.from({ length: 30 }, (_, n) => `message ${n + 1}`));
  });
});
