import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { type Person, pathOf } from '../src/people.ts';
import { Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

interface Exchange {
  readonly step: string;
  readonly request: any;
  readonly status: number;
  readonly body: any;
}

const exchanges = JSON.parse(
  readFileSync(new URL('../../spec/vectors/sliding-sync.json', import.meta.url), 'utf8'),
) as readonly Exchange[];

const recorded = (step: string): Exchange => exchanges.find((one) => one.step.startsWith(step))!;

/** Rooms as the recording has them, by the names that they have here. */
const ROOMS = {
  public: '!uWRUnLHvAKDgjpeZgj:127.0.0.1:18441',
  direct: '!FuSRfdSNiPcKguoEIw:127.0.0.1:18441',
  space: '!bBMVYygfrzFYdYzqxa:127.0.0.1:18441',
  invited: '!XCVfGdWWroSaqoFGft:127.0.0.1:18441',
} as const;
type Name = keyof typeof ROOMS;

const stateOf = (events: any[] = []): string[] =>
  events
    .map(({ type, state_key: key }) => `${type} ${key.startsWith('@') ? '@' : key.startsWith('!') ? '!' : key}`)
    .sort();

const shapeOf = (room: any) => ({
  fields: Object.keys(room).sort(),
  name: room.name,
  initial: room.initial,
  is_dm: room.is_dm,
  joined_count: room.joined_count,
  invited_count: room.invited_count,
  limited: room.limited,
  heroes: room.heroes?.length,
  expanded: room.unstable_expanded_timeline,
  timeline: room.timeline?.map(({ type, content }: any) => [type, content.membership ?? content.body]),
});

/** What a client that speaks as Element X does was answered by another server, played again here. */
describe('recorded exchanges of sliding sync', () => {
  let network: TestNetwork;
  let ann: Person;
  let ben: Person;
  let rooms: Record<Name, string>;
  let list: Slider;

  /** The request as recorded, with the rooms of this run. */
  const asked = ({ request }: Exchange): any => {
    let text = JSON.stringify(request);
    for (const [name, id] of Object.entries(ROOMS)) text = text.replaceAll(id, rooms[name as Name]);
    return JSON.parse(text);
  };
  const theirs = ({ body }: Exchange, name: Name): any => body.rooms[ROOMS[name]];

  before(async () => {
    network = await TestNetwork.start('a.test');
    [ann, ben] = await Promise.all([network.person('ann', 'a.test'), network.person('ben', 'a.test')]);
    // There, people are called by their names from the start.
    for (const one of [ann, ben]) {
      await one.ask('PUT', `/profile/${one.userId}/displayname`, { displayname: one.name });
    }
    const direct = await ben.createRoom({
      preset: 'trusted_private_chat',
      is_direct: true,
      invite: [ann.userId],
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    await ann.join(direct);
    await ann.ask('PUT', `/user/${ann.userId}/account_data/m.direct`, { [ben.userId]: [direct] });
    const shared = await ann.createRoom({ preset: 'public_chat', name: 'Public', topic: 't' });
    await ben.join(shared);
    const space = await ann.createRoom({ preset: 'public_chat', name: 'Space', creation_content: { type: 'm.space' } });
    await ann.setState(space, ['m.space.child', shared], { via: ['x'] });
    const invited = await ben.createRoom({ preset: 'private_chat', name: 'Invited', invite: [ann.userId] });
    rooms = { public: shared, direct, space, invited };
    list = new Slider(ann);
  });
  after(() => network[Symbol.asyncDispose]());

  const expectSame = (ours: any, exchange: Exchange, name: Name): void => {
    const [room, their] = [ours.rooms[rooms[name]], theirs(exchange, name)];
    expect(shapeOf(room), name).to.eql(shapeOf(their));
    expect(stateOf(room.required_state), name).to.eql(stateOf(their.required_state));
    expect(stateOf(room.invite_state)).to.include.members(
      stateOf(their.invite_state).filter((key) => !key.includes('@')),
    );
  };
  const idsOf = (answer: any) => Object.keys(answer.rooms).sort();

  it('the first answer of the list of rooms', async () => {
    const exchange = recorded('room-list initial');
    const ours = await list.sync(asked(exchange));
    expect(Object.keys(ours).sort()).to.eql(Object.keys(exchange.body).sort());
    expect(ours.lists.all_rooms.count).to.equal(exchange.body.lists.all_rooms.count);
    expect(ours.lists.all_rooms.ops[0]).to.include({ op: 'SYNC' }).and.have.property('range').eql([0, 19]);
    expect(ours.lists.all_rooms.ops[0].room_ids.toSorted()).to.eql(Object.values(rooms).sort());
    for (const name of Object.keys(ROOMS) as Name[]) expectSame(ours, exchange, name);
    const { account_data: data, ...others } = ours.extensions;
    expect(data.global.map(({ type }: any) => type).sort()).to.eql(['m.direct', 'm.push_rules']);
    expect(others).to.eql({ receipts: { rooms: {} }, typing: { rooms: {} } });
  });

  it('a subscription that asks for more of the timeline', async () => {
    const exchange = recorded('grow + subscribe');
    const ours = await list.sync(asked(exchange));
    expect(idsOf(ours)).to.eql([rooms.public]);
    const [room, their] = [ours.rooms[rooms.public], theirs(exchange, 'public')];
    expect(shapeOf(room)).to.eql({ ...shapeOf(their), timeline: shapeOf(room).timeline });
    expect(room.timeline[0].type).to.equal('m.room.create');
    const typesOf = ({ timeline }: any) => timeline.map(({ type }: any) => type);
    // Rooms are created with an event more here.
    expect(typesOf(room)).to.include.members(typesOf(their));
    expect(ours.extensions).to.eql(exchange.body.extensions);
  });

  it('a message, typing and a receipt', async () => {
    const exchange = recorded('incremental live');
    const eventId = await ben.say(rooms.public, 'live');
    await ben.ask('PUT', `${pathOf(rooms.public)}/typing/${ben.userId}`, { typing: true, timeout: 30_000 });
    await ben.ask('POST', `${pathOf(rooms.public)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
    const ours = await list.sync(asked(exchange), 5_000);
    expect(idsOf(ours)).to.eql([rooms.public]);
    expectSame(ours, exchange, 'public');
    expect(ours.rooms[rooms.public].num_live).to.equal(1);
    expect(ours.extensions.typing.rooms[rooms.public]).to.eql({
      type: 'm.typing',
      content: { user_ids: [ben.userId] },
    });
    const receipt = ours.extensions.receipts.rooms[rooms.public];
    expect(receipt.type).to.equal('m.receipt');
    expect(receipt.content[eventId]['m.read'][ben.userId].ts).to.be.a('number');
  });

  it('a room that was left', async () => {
    const exchange = recorded('after leaving');
    await ann.leave(rooms.public);
    const ours = await list.sync(asked(exchange), 2_000);
    expect(idsOf(ours)).to.eql([rooms.public]);
    expectSame(ours, exchange, 'public');
    expect(ours.lists.all_rooms.count).to.equal(exchange.body.lists.all_rooms.count);
  });

  it('a position that was made up, which we do not take for a new connection', async () => {
    const { status, body } = await list.request(asked(recorded('unknown pos')), 0, '0/s1_1_1_1_1_1_1_1_1_1_1_1_1');
    expect([status, body.errcode]).to.eql([400, 'M_UNKNOWN_POS']);
  });

  it('messages to a device', async () => {
    const encryption = new Slider(ann, 'encryption');
    const first = await encryption.sync(asked(recorded('encryption initial')));
    const { to_device: initial } = first.extensions;
    expect(first.rooms).to.eql({});
    expect(initial.events).to.eql([]);
    expect(first.extensions.e2ee).to.eql(recorded('encryption initial').body.extensions.e2ee);
    await ben.request('PUT', '/sendToDevice/m.dummy/1', { messages: { [ann.userId]: { [ann.deviceId]: { x: 1 } } } });
    const exchange = recorded('encryption incremental');
    const next = asked(exchange);
    next.extensions.to_device.since = initial.next_batch;
    const ours = await encryption.sync(next, 3_000);
    expect(ours.rooms).to.eql({});
    expect(ours.extensions.to_device.events).to.eql([{ type: 'm.dummy', sender: ben.userId, content: { x: 1 } }]);
    expect(ours.extensions.e2ee).to.eql(exchange.body.extensions.e2ee);
    next.extensions.to_device.since = ours.extensions.to_device.next_batch;
    expect((await encryption.sync(next)).extensions.to_device.events).to.eql([]);
  });
});
