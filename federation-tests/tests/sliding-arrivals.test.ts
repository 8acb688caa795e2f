import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const ENCRYPTION = ['m.room.encryption', ''] as const;
const CONTENT = { algorithm: 'm.megolm.v1.aes-sha2' };

/** What lists know of a room is kept; of one that comes from elsewhere it has to come, too. */
describe('lists of sliding sync with rooms of other servers', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let connections = 0;

  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
  });

  const list = async (filters: object): Promise<any> => {
    const l = { ranges: [[0, 20]], timeline_limit: 1, required_state: [], filters };
    const { lists, rooms } = await new Slider(alice, `connection ${connections++}`).sync({ lists: { l } });
    return { ids: lists.l.ops[0].room_ids, rooms };
  };
  const listed = async () => ({
    encrypted: (await list({ is_encrypted: true })).ids,
    spaces: (await list({ room_types: ['m.space'] })).ids,
    others: (await list({ not_room_types: ['m.space'] })).ids,
  });

  it('have them by type and encryption, and as news when they are joined', async () => {
    const own = await alice.createRoom();
    const wish = { preset: 'private_chat', invite: [alice.userId] };
    const initial_state = [{ type: ENCRYPTION[0], state_key: '', content: CONTENT }];
    const encrypted = await bob.createRoom({ ...wish, initial_state });
    const space = await bob.createRoom({ ...wish, creation_content: { type: 'm.space' } });
    await network.settle();
    const expected = { encrypted: [encrypted], spaces: [space], others: [encrypted, own] };
    expect(await listed(), 'invited').to.eql(expected);
    await alice.join(encrypted);
    await alice.join(space);
    expect(await listed(), 'joined').to.eql(expected);
    const { ids, rooms } = await list({});
    expect(ids).to.eql([space, encrypted, own]);
    expect(rooms[encrypted].bump_stamp).to.be.greaterThan(rooms[own].bump_stamp);
    await network.stop('a.test');
    await network.start('a.test');
    expect(await listed(), 'after a restart').to.eql(expected);
  });

  it('have what became of them while nobody was there', async () => {
    const room = await bob.createRoom();
    await alice.join(room, ['b.test']);
    expect((await listed()).encrypted).to.eql([]);
    await alice.leave(room);
    await network.settle();
    await bob.setState(room, ENCRYPTION, CONTENT);
    await alice.join(room, ['b.test']);
    expect((await listed()).encrypted).to.eql([room]);
  });
});
