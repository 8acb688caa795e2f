import { expect } from 'chai';
import { type MatrixClient, RoomEvent } from 'matrix-js-sdk';
import type { SlidingSync } from 'matrix-js-sdk/lib/sliding-sync.js';
import { hasMembership, hears, JsSdk, slidingSyncOf } from '../src/js-sdk.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

describe('sliding sync of matrix-js-sdk', () => {
  let sdk: JsSdk;
  let network: TestNetwork;
  before(async () => {
    sdk = new JsSdk();
    network = await TestNetwork.start('a.test');
  });
  after(async () => {
    sdk[Symbol.dispose]();
    await network[Symbol.asyncDispose]();
  });

  const start = async (person: Person): Promise<[MatrixClient, SlidingSync]> => {
    let sliding: SlidingSync | undefined;
    const client = await sdk.start(person, { sliding: (made) => (sliding = slidingSyncOf(person.home.url, made)) });
    return [client, sliding!];
  };

  it('shows rooms, grows its list, opens a room, talks, is invited and leaves', async () => {
    const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    const rooms: string[] = [];
    for (const name of ['One', 'Two', 'Three']) rooms.push(await alice.createRoom({ preset: 'public_chat', name }));
    const [first, , last] = rooms as [string, string, string];
    await bob.join(first);
    for (let n = 1; n <= 3; n++) await bob.say(last, `before ${n}`).catch(() => alice.say(last, `before ${n}`));

    const [client, sliding] = await start(alice);
    await hasMembership(client, last, 'join');
    expect(client.getRoom(last)?.name).to.equal('Three');
    expect(sliding.getListData('all')?.joinedCount).to.equal(3);
    expect(client.getRoom(first)).to.equal(null);
    sliding.setListRanges('all', [[0, 9]]);
    await hasMembership(client, first, 'join');

    sliding.modifyRoomSubscriptions(new Set([last]));
    await hears(client, last, 'before 1');

    const heard = hears(client, first, 'Hello');
    await bob.say(first, 'Hello');
    expect((await heard).getSender()).to.equal(bob.userId);
    const answered = hears(client, first, 'Hello Bob');
    await client.sendTextMessage(first, 'Hello Bob');
    await answered;

    const invite = await bob.createRoom({ preset: 'private_chat', name: 'Burrow', invite: [alice.userId] });
    await hasMembership(client, invite, 'invite');
    await client.joinRoom(invite);
    await hasMembership(client, invite, 'join');
    await client.leave(invite);
    await hasMembership(client, invite, 'leave');

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
