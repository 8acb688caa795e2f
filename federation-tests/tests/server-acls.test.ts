import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const enc = encodeURIComponent;
const NAMES = ['rogue.test', 'Rogue.Test', 'rogue.test:8449', '192.0.2.7', '192.0.2.7:8449', '[2001:db8::7]:8449'];

/** https://spec.matrix.org/latest/client-server-api/#server-access-control-lists-acls-for-rooms */
describe('a server that a room denies', () => {
  const clock = new ManualClock();
  let network: TestNetwork;
  let rogues: ReadonlyMap<string, Rogue>;
  let alice: Person;
  before(async () => {
    rogues = new Map(await Promise.all(NAMES.map(async (name) => [name, await Rogue.start(name, clock)] as const)));
    for (const rogue of rogues.values()) {
      rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    }
    const strangers = Object.fromEntries([...rogues].map(([name, { url }]) => [name, url]));
    network = await TestNetwork.with({ names: ['a.test'], strangers });
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    for (const rogue of rogues.values()) await rogue[Symbol.asyncDispose]();
  });

  const server = () => network.server('a.test');
  const deny = (room: string, acl: object) => alice.setState(room, ['m.room.server_acl', ''], acl);
  let transactions = 0;
  const send = (rogue: Rogue, parts: { pdus?: readonly Json[]; edus?: readonly Json[] }) =>
    rogue.send(server(), 'PUT', `/_matrix/federation/v1/send/acl${transactions++}`, {
      pdus: [],
      edus: [],
      ...parts,
    });
  const mayAsk = async (rogue: Rogue, room: string): Promise<boolean> => {
    const path = `/_matrix/federation/v1/make_join/${enc(room)}/${enc(`@x:${rogue.name}`)}?ver=12`;
    const { status, body } = await rogue.send(server(), 'GET', path);
    expect([200, 403], JSON.stringify(body)).to.include(status);
    return status === 200;
  };

  const lists: readonly (readonly [string, object, readonly string[]])[] = [
    ['nobody denied', { allow: ['*'] }, NAMES],
    ['a name, written in another way', { allow: ['*'], deny: ['ROGUE.test'] }, NAMES.slice(3)],
    ['a pattern', { allow: ['*'], deny: ['r?gue.*'] }, NAMES.slice(3)],
    ['a name with a port, which no server has here', { allow: ['*'], deny: ['rogue.test:8449'] }, NAMES],
    ['addresses', { allow: ['*'], allow_ip_literals: false }, NAMES.slice(0, 3)],
    ['one address', { allow: ['*'], deny: ['192.0.2.*'] }, [...NAMES.slice(0, 3), NAMES[5]!]],
    ['everybody but some', { allow: ['a.test', 'ROGUE.TEST'] }, NAMES.slice(0, 3)],
    ['everybody, by an empty list', {}, []],
  ];
  for (const [what, acl, expected] of lists) {
    it(`is told apart by its name: ${what}`, async () => {
      const room = await alice.createRoom({ preset: 'public_chat' });
      await deny(room, acl);
      const admitted: string[] = [];
      for (const [name, rogue] of rogues) if (await mayAsk(rogue, room)) admitted.push(name);
      expect(admitted).to.eql(expected);
    });
  }

  describe('has its transactions sorted room by room', () => {
    let rogue: Rogue;
    let denying: RogueRoom;
    let open: RogueRoom;
    beforeEach(async () => {
      rogue = rogues.get('rogue.test')!;
      const room = () => alice.createRoom({ preset: 'public_chat' });
      [denying, open] = [
        await RogueRoom.join(rogue, server(), await room()),
        await RogueRoom.join(rogue, server(), await room()),
      ];
      await deny(denying.roomId, { allow: ['*'], deny: ['rogue.TEST'] });
      await alice.view.sync();
    });
    /** What a sync tells of a room besides its events. */
    const heard = async (type: string): Promise<Readonly<Record<string, any>>> => {
      const { rooms = {} } = await alice.view.sync();
      const told = [denying, open].map(({ roomId }) => {
        const events: any[] = rooms.join?.[roomId]?.ephemeral?.events ?? [];
        return [roomId, events.find((event) => event.type === type)?.content] as const;
      });
      return Object.fromEntries(told.filter(([, content]) => content !== undefined));
    };

    it('events', async () => {
      const [refused, taken] = [denying.event(), open.event()];
      const { status, body } = await send(rogue, { pdus: [refused.pdu, taken.pdu] });
      expect(status).to.equal(200);
      expect(body.pdus[refused.eventId].error).to.be.a('string');
      expect(body.pdus[taken.eventId]).to.eql({});
      expect((await alice.event(denying.roomId, refused.eventId)).status).to.equal(404);
      expect((await alice.event(open.roomId, taken.eventId)).status).to.equal(200);
    });

    it('events, until it is denied no longer', async () => {
      const refused = denying.event();
      await send(rogue, { pdus: [refused.pdu] });
      await deny(denying.roomId, { allow: ['*'] });
      expect((await send(rogue, { pdus: [refused.pdu] })).body.pdus[refused.eventId]).to.eql({});
      expect((await alice.event(denying.roomId, refused.eventId)).status).to.equal(200);
    });

    it('who is typing', async () => {
      const edus = [denying, open].map(({ roomId, user }) => ({
        edu_type: 'm.typing',
        content: { room_id: roomId, user_id: user, typing: true },
      }));
      expect((await send(rogue, { edus })).status).to.equal(200);
      expect(await heard('m.typing')).to.eql({ [open.roomId]: { user_ids: [open.user] } });
    });

    it('who has read what, in one message', async () => {
      const { user } = open;
      const [secret, event] = [await alice.say(denying.roomId, 'x'), await alice.say(open.roomId, 'y')];
      const read = (id: string) => ({ 'm.read': { [user]: { event_ids: [id], data: { ts: 1 } } } });
      const content = { [denying.roomId]: read(secret), [open.roomId]: read(event) };
      expect((await send(rogue, { edus: [{ edu_type: 'm.receipt', content }] })).status).to.equal(200);
      expect(await heard('m.receipt')).to.eql({ [open.roomId]: { [event]: { 'm.read': { [user]: { ts: 1 } } } } });
    });

    it('but what is of no room is taken', async () => {
      const messages = { [alice.userId]: { [alice.deviceId]: { n: 1 } } };
      const letter = { message_id: 'one', sender: denying.user, type: 'org.example.letter', messages };
      const edus = [{ edu_type: 'm.direct_to_device', content: letter }];
      expect((await send(rogue, { edus })).status).to.equal(200);
      const { to_device: letters } = await alice.view.sync();
      expect(letters.events.map(({ sender }: any) => sender)).to.eql([denying.user]);
    });
  });

  it('takes no part in what others send: their events stand, whoever brings them is asked', async () => {
    const [rogue, other] = [rogues.get('rogue.test')!, rogues.get('192.0.2.7')!];
    const room = await alice.createRoom({ preset: 'public_chat' });
    const denied = await RogueRoom.join(rogue, server(), room);
    const bearer = await RogueRoom.join(other, server(), room);
    const early = denied.event();
    await deny(room, { allow: ['*'], deny: ['rogue.test'] });
    // The list is about who speaks to us; what was signed by whom is for the rules of authorisation.
    const { body } = await bearer.rogue.push(server(), [early.pdu], `carried${transactions++}`);
    expect(body.pdus[early.eventId]).to.eql({});
  });
});
