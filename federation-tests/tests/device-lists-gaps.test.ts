import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/** Whose keys a person's next sync says to ask for anew, and of whom there is no more to hear. */
const told = async (person: Person): Promise<{ changed: string[]; left: string[] }> => {
  const { device_lists: lists = { changed: [], left: [] } } = await person.view.sync();
  return lists;
};

describe('device lists of servers that do not tell all', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let room: string;

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'a.test')];
    room = await alice.createRoom();
    await bob.join(room);
    await network.settle();
    await alice.view.sync();
  });

  const mallory = '@mallory:rogue.test';
  const keys = (device: string) => ({
    user_id: mallory,
    device_id: device,
    algorithms: [],
    keys: {},
    signatures: {},
  });
  let asked = 0;
  let sent = 0;

  const update = (device: string, streamId: number, previous: readonly number[], more: object = {}) => {
    const named = { user_id: mallory, device_id: device, stream_id: streamId, prev_id: previous };
    const edus = [
      {
        edu_type: 'm.device_list_update',
        content: { ...named, ...(device !== 'dummy' && { keys: keys(device) }), ...more },
      },
    ];
    const uri = `/_matrix/federation/v1/send/lists${sent++}`;
    return rogue.send(network.server('a.test'), 'PUT', uri, { pdus: [], edus });
  };

  /** As if mallory had been in the room: what a list depends on is who shares rooms. */
  const shareRoom = () =>
    network.server('a.test').rows(sql`
      INSERT INTO memberships (room_nid, user_id, membership, event_nid, position, server, sender)
      SELECT room_nid, ${mallory}, 'join', 0, 0, 'rogue.test', ${mallory} FROM rooms WHERE room_id = ${room}
      ON CONFLICT DO NOTHING`);

  const devices = async () => {
    const answer = await alice.ask('POST', '/keys/query', { device_keys: { [mallory]: [] } });
    return Object.keys(answer.device_keys[mallory] ?? {});
  };

  it('are fetched when something is missing, and not for what follows', async () => {
    await shareRoom();
    let list = ['ONE'];
    let version = 5;
    const path = '/_matrix/federation/v1/user/';
    rogue.answers.set(`${path}keys/query`, () => ({
      status: 200,
      body: { device_keys: { [mallory]: Object.fromEntries(list.map((id) => [id, keys(id)])) } },
    }));
    rogue.answers.set(`${path}devices`, () => {
      asked++;
      const all = list.map((id) => ({ device_id: id, keys: keys(id) }));
      return { status: 200, body: { user_id: mallory, stream_id: version, devices: all } };
    });
    expect(await devices()).to.eql(['ONE']);
    await network.settle();
    expect(asked).to.equal(1);

    await update('TWO', 6, [5]);
    await network.settle();
    expect((await devices()).toSorted()).to.eql(['ONE', 'TWO']);
    await update('TWO', 6, [5]); // again
    await update('ONE', 7, [6], { deleted: true });
    await network.settle();
    expect([await devices(), asked]).to.eql([['TWO'], 1]);

    [list, version] = [['TWO', 'THREE', 'FOUR'], 9];
    await update('FOUR', 9, [8]);
    await network.settle();
    expect([(await devices()).toSorted(), asked]).to.eql([['FOUR', 'THREE', 'TWO'], 2]);
    expect((await told(alice)).changed).to.eql([mallory]);
  });

  it('are fetched anew when a sequence begins again, unless it only says what is known', async () => {
    await shareRoom();
    let list = ['ONE'];
    let version = 20;
    asked = 0;
    const path = '/_matrix/federation/v1/user/';
    rogue.answers.set(`${path}keys/query`, () => ({ status: 200, body: { device_keys: {} } }));
    rogue.answers.set(`${path}devices`, () => {
      asked++;
      const all = list.map((id) => ({ device_id: id, keys: keys(id) }));
      return { status: 200, body: { user_id: mallory, stream_id: version, devices: all } };
    });
    await devices();
    await network.settle();
    await update('ONE', 20, []);
    await network.settle();
    expect(await devices()).to.eql(['ONE']);
    asked = 0;
    await update('ONE', 20, []); // as servers of this kind do for those who come into a room
    await network.settle();
    expect([await devices(), asked]).to.eql([['ONE'], 0]);

    // Conduit and its kin say no more than that there is something to ask for, each time in the same words.
    for (const news of [['ONE', 'TWO'], ['TWO']]) {
      [list, version] = [news, 1];
      await told(alice);
      await update('dummy', 1, [], { device_display_name: 'Dummy' });
      await network.settle();
      expect((await devices()).toSorted()).to.eql(news);
      expect((await told(alice)).changed).to.eql([mallory]);
    }
    expect(asked).to.equal(2);
  });

  it('have a thousand devices at most, also one by one', async () => {
    const list = Array.from({ length: 999 }, (_, n) => ({ device_id: `D${n}`, keys: keys(`D${n}`) }));
    const body = { user_id: mallory, stream_id: 100, devices: list };
    rogue.answers.set('/_matrix/federation/v1/user/devices', () => ({ status: 200, body }));
    await shareRoom();
    for (const version of [100, 101, 102, 103]) {
      await update(`E${version}`, version, [version - 1]);
      await network.settle();
    }
    expect(await devices()).to.have.length(1_000);
  });

  it('do not speak for others, nor of strangers', async () => {
    const answer = await rogue.send(network.server('a.test'), 'PUT', `/_matrix/federation/v1/send/lists${sent++}`, {
      pdus: [],
      edus: [
        {
          edu_type: 'm.device_list_update',
          content: { user_id: bob.userId, device_id: 'X', stream_id: 1, prev_id: [] },
        },
        { edu_type: 'm.signing_key_update', content: { user_id: bob.userId } },
        { edu_type: 'm.device_list_update', content: { user_id: '@new:rogue.test', device_id: 'X', stream_id: 1 } },
      ],
    });
    expect(answer.status).to.equal(200);
    expect(await told(alice)).to.eql({ changed: [], left: [] });
    const rows = await network
      .server('a.test')
      .rows(sql`SELECT FROM device_list_changes WHERE user_id = '@new:rogue.test'`);
    expect(rows).to.eql([]);
  });
});
