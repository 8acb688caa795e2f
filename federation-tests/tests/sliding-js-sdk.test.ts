import { expect } from 'chai';
import { ClientEvent, createClient, type MatrixClient, type MatrixEvent, RoomEvent, SyncState } from 'matrix-js-sdk';
import { type Logger, logger as sdkLogger } from 'matrix-js-sdk/lib/logger.js';
import { SlidingSync } from 'matrix-js-sdk/lib/sliding-sync.js';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

/** What it is underneath: a logger of the package loglevel. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of the SDK use it, whatever a client is given
const logger = sdkLogger as unknown as Logger & { methodFactory: () => () => void; rebuild: () => void };

describe('sliding sync of matrix-js-sdk', () => {
  let network: TestNetwork;
  const clients: MatrixClient[] = [];
  const { setTimeout } = globalThis;

  before(async () => {
    // A client that is stopped leaves time-outs of up to two minutes behind, which must not keep the tests from ending.
    const unheld = (...call: Parameters<typeof setTimeout>) => setTimeout(...call).unref();
    globalThis.setTimeout = Object.assign(unheld, { __promisify__: setTimeout.__promisify__ });
    logger.methodFactory = () => () => undefined;
    logger.rebuild();
    network = await TestNetwork.start('a.test');
  });
  after(async () => {
    for (const client of clients) client.stopClient();
    globalThis.setTimeout = setTimeout;
    await network[Symbol.asyncDispose]();
  });

  const start = async ({ home, userId, token, deviceId }: Person): Promise<[MatrixClient, SlidingSync]> => {
    const client = createClient({ baseUrl: home.url, logger, userId, accessToken: token, deviceId });
    clients.push(client);
    const required: string[][] = [
      ['m.room.name', ''],
      ['m.room.create', ''],
      ['m.room.member', '$LAZY'],
      ['m.room.member', '$ME'],
    ];
    const list = { ranges: [[0, 1]], timeline_limit: 1, required_state: required, filters: {} };
    const subscription = { timeline_limit: 50, required_state: [['*', '*']] };
    const sliding = new SlidingSync(home.url, new Map([['all', list]]), subscription, client, 10_000);
    const ready = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    await client.startClient({ slidingSync: sliding });
    await ready;
    return [client, sliding];
  };

  const hears = (client: MatrixClient, room: string, text: string): Promise<MatrixEvent> =>
    new Promise((resolve) => {
      const isIt = (event: MatrixEvent) => event.getRoomId() === room && event.getContent()['body'] === text;
      const known = client.getRoom(room)?.getLiveTimeline().getEvents().find(isIt);
      if (known) resolve(known);
      else client.on(RoomEvent.Timeline, (event) => isIt(event) && resolve(event));
    });

  const has = (client: MatrixClient, room: string, membership: string): Promise<void> =>
    new Promise((resolve) => {
      const isIt = () => client.getRoom(room)?.getMyMembership() === membership;
      if (isIt()) return resolve();
      client.on(RoomEvent.MyMembership, () => isIt() && resolve());
      client.on(ClientEvent.Room, () => isIt() && resolve());
    });

  it('shows rooms, grows its list, opens a room, talks, is invited and leaves', async () => {
    const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    const rooms: string[] = [];
    for (const name of ['One', 'Two', 'Three']) rooms.push(await alice.createRoom({ preset: 'public_chat', name }));
    const [first, , last] = rooms as [string, string, string];
    await bob.join(first);
    for (let n = 1; n <= 3; n++) await bob.say(last, `before ${n}`).catch(() => alice.say(last, `before ${n}`));

    const [client, sliding] = await start(alice);
    await has(client, last, 'join');
    expect(client.getRoom(last)?.name).to.equal('Three');
    expect(sliding.getListData('all')?.joinedCount).to.equal(3);
    expect(client.getRoom(first)).to.equal(null);
    sliding.setListRanges('all', [[0, 9]]);
    await has(client, first, 'join');

    sliding.modifyRoomSubscriptions(new Set([last]));
    await hears(client, last, 'before 1');

    const heard = hears(client, first, 'Hello');
    await bob.say(first, 'Hello');
    expect((await heard).getSender()).to.equal(bob.userId);
    const answered = hears(client, first, 'Hello Bob');
    await client.sendTextMessage(first, 'Hello Bob');
    await answered;

    const invite = await bob.createRoom({ preset: 'private_chat', name: 'Burrow', invite: [alice.userId] });
    await has(client, invite, 'invite');
    await client.joinRoom(invite);
    await has(client, invite, 'join');
    await client.leave(invite);
    await has(client, invite, 'leave');

    const received = new Promise<void>((resolve) => {
      client.on(RoomEvent.Receipt, (_event, { roomId }) => {
        if (roomId === first) resolve();
      });
    });
    const eventId = await alice.say(first, 'read me');
    await bob.ask('POST', `${pathOf(first)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
    await received;
  });
});
