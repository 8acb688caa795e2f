import { expect } from 'chai';
import { Preset } from 'matrix-js-sdk';
import sharp from 'sharp';
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

  it('send each other files, and see pictures small', async () => {
    const [erin, frank] = await Promise.all([
      sdk.signUp(network.server('a.test'), 'erin'),
      sdk.signUp(network.server('b.test'), 'frank'),
    ]);
    const png = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'plum' } })
      .png()
      .toBuffer();
    const { content_uri: mxc } = await erin.uploadContent(new Blob([new Uint8Array(png)]), {
      type: 'image/png',
      name: 'plum.png',
    });
    const get = async (size?: number) => {
      const url = frank.mxcUrlToHttp(mxc, size, size, size === undefined ? undefined : 'crop', false, true, true)!;
      const response = await fetch(url, { headers: { authorization: `Bearer ${frank.getAccessToken()}` } });
      expect(response.status).to.equal(200);
      return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
    };
    const { bytes, headers } = await get();
    expect(bytes.equals(png)).to.equal(true);
    expect(headers.get('content-disposition')).to.equal('inline; filename="plum.png"');
    expect(await sharp((await get(96)).bytes).metadata()).to.include({ width: 96, height: 96 });
    expect(await frank.getMediaConfig(true)).to.deep.equal({ 'm.upload.size': 50_000_000 });
  });
});
