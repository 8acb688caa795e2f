import { expect } from 'chai';
import {
  ClientEvent,
  createClient,
  type MatrixClient,
  type MatrixEvent,
  Preset,
  RoomEvent,
  SyncState,
} from 'matrix-js-sdk';
import { type Logger, logger as sdkLogger } from 'matrix-js-sdk/lib/logger.js';
import { TestNetwork } from '../src/network.ts';

/** Most clients are built on matrix-js-sdk or expect of a server what it expects. Classic sync, no encryption. */
/** What it is underneath: a logger of the package loglevel. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of the SDK use it, whatever a client is given
const logger = sdkLogger as unknown as Logger & { methodFactory: () => () => void; rebuild: () => void };

describe('two users of matrix-js-sdk', () => {
  let network: TestNetwork;
  const clients: MatrixClient[] = [];
  const { setTimeout } = globalThis;

  before(async () => {
    // A client that is stopped leaves time-outs of up to two minutes behind, which must not keep the tests from ending.
    const unheld = (...call: Parameters<typeof setTimeout>) => setTimeout(...call).unref();
    globalThis.setTimeout = Object.assign(unheld, { __promisify__: setTimeout.__promisify__ });
    // The SDK's loggers, of which every part has its own, take this from the first.
    logger.methodFactory = () => () => undefined;
    logger.rebuild();
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(async () => {
    for (const client of clients) client.stopClient();
    globalThis.setTimeout = setTimeout;
    await network[Symbol.asyncDispose]();
  });

  /** An account made by the SDK, its client syncing. */
  const signUp = async (server: string, username: string): Promise<MatrixClient> => {
    const baseUrl = network.server(server).url;
    const password = 'correct horse battery';
    const auth = { type: 'm.login.dummy' };
    const { user_id: userId } = await createClient({ baseUrl, logger }).registerRequest({ username, password, auth });
    const session = await createClient({ baseUrl, logger }).loginRequest({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: username },
      password,
    });
    expect(session.user_id).to.equal(userId);
    const client = createClient({
      baseUrl,
      logger,
      userId,
      accessToken: session.access_token,
      deviceId: session.device_id,
    });
    clients.push(client);
    const ready = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    await client.startClient({ initialSyncLimit: 20 });
    await ready;
    return client;
  };

  /** Resolves once a message is in the client's timeline. */
  const hears = (client: MatrixClient, room: string, text: string): Promise<MatrixEvent> =>
    new Promise((resolve) => {
      const isIt = (event: MatrixEvent) => event.getRoomId() === room && event.getContent()['body'] === text;
      const known = client.getRoom(room)?.getLiveTimeline().getEvents().find(isIt);
      if (known) resolve(known);
      else client.on(RoomEvent.Timeline, (event) => isIt(event) && resolve(event));
    });

  const isInvited = (client: MatrixClient, roomId: string): Promise<void> =>
    new Promise((resolve) => {
      if (client.getRoom(roomId)?.getMyMembership() === 'invite') resolve();
      client.on(RoomEvent.MyMembership, (room, membership) => {
        if (room.roomId === roomId && membership === 'invite') resolve();
      });
    });

  it('register, sync, meet in a room and talk', async () => {
    const [alice, bob] = await Promise.all([signUp('a.test', 'alice'), signUp('b.test', 'bob')]);
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
    const [carol, dave] = await Promise.all([signUp('a.test', 'carol'), signUp('b.test', 'dave')]);
    const { room_id: room } = await carol.createRoom({ preset: Preset.PrivateChat, name: 'Burrow' });
    for (let n = 1; n <= 30; n++) await carol.sendTextMessage(room, `message ${n}`);
    await carol.invite(room, '@dave:b.test');
    await isInvited(dave, room);
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
