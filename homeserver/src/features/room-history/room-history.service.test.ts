import { MatrixError } from '@holm/spec/errors';
import { EventId, RoomId, type UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Position } from '../../streams/stream.ts';
import { syncToken, timelineToken } from '../../streams/tokens.ts';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import type { MessagesQuery } from './room-history.service.ts';

const alice = user('alice');
const bob = user('bob');
const carol = user('carol');

interface Seen {
  readonly type: string;
  readonly room_id: string;
  readonly state_key?: string;
  readonly content: { readonly body?: string };
}

interface Page {
  readonly start: string;
  /** Absent at the end. */
  readonly end: string;
  readonly chunk: readonly Seen[];
  readonly state: readonly Seen[];
}

interface Context {
  readonly start: string;
  readonly end: string;
  readonly event: Seen;
  readonly events_before: readonly Seen[];
  readonly events_after: readonly Seen[];
  readonly state: readonly Seen[];
}

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('history', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let txn = 0;
  const say = (roomId: RoomId, body: string, who: UserId = alice): Promise<EventId> =>
    test.sending.message(deviceOf(who), { roomId, type: 'm.room.message', content: { body }, txnId: `h${++txn}` });
  const get = async (who: UserId, roomId: RoomId, query: MessagesQuery): Promise<Page> =>
    JSON.parse(await test.history.messages(deviceOf(who), roomId, query)) as Page;
  const bodies = (chunk: readonly Seen[]) => chunk.map(({ content, type }) => content.body ?? type);
  const visibility = (history_visibility: string) => ({
    type: 'm.room.history_visibility',
    content: { history_visibility },
  });

  it('comes in pages, backwards from the newest', async () => {
    const roomId = await test.room(alice);
    for (const body of ['1', '2', '3', '4', '5']) await say(roomId, body);
    const first = await get(alice, roomId, { dir: 'b', limit: 2 });
    expect(bodies(first.chunk)).to.eql(['5', '4']);
    expect(first.chunk[0]?.room_id).to.equal(roomId);
    expect(first).not.to.have.property('state');
    await say(roomId, '6');
    const second = await get(alice, roomId, { dir: 'b', limit: 2, from: first.end });
    expect(second.start).to.equal(first.end);
    expect(bodies(second.chunk)).to.eql(['3', '2']);
    const rest = await get(alice, roomId, { dir: 'b', limit: 100, from: second.end });
    expect(bodies(rest.chunk).slice(0, 1)).to.eql(['1']);
    expect(rest.chunk.at(-1)?.type).to.equal('m.room.create');
    expect(rest).not.to.have.property('end');
    expect(bodies((await get(alice, roomId, { dir: 'f', from: first.start })).chunk)).to.eql(['6']);
    expect((await get(alice, roomId, { dir: 'b' })).chunk).to.have.length(10);
  });

  it('goes forwards from the first event, up to a place', async () => {
    const roomId = await test.room(alice);
    for (const body of ['1', '2', '3']) await say(roomId, body);
    const first = await get(alice, roomId, { dir: 'f', limit: 7 });
    expect(bodies(first.chunk).slice(0, 2)).to.eql(['m.room.create', 'm.room.member']);
    expect(bodies(first.chunk).at(-1)).to.equal('1');
    const last = await get(alice, roomId, { dir: 'f', from: first.end });
    expect(bodies(last.chunk)).to.eql(['2', '3']);
    expect(last).not.to.have.property('end');
    const upTo = await get(alice, roomId, { dir: 'f', from: first.end, to: timelineToken(8) });
    expect(bodies(upTo.chunk)).to.eql(['2']);
    const downTo = await get(alice, roomId, { dir: 'b', to: timelineToken(7) });
    expect(bodies(downTo.chunk)).to.eql(['3', '2']);
    expect(await get(alice, roomId, { dir: 'b', limit: 0 })).to.eql({ chunk: [], start: 't9', end: 't9' });
  });

  it('takes tokens of a sync', async () => {
    const roomId = await test.room(alice);
    await say(roomId, 'before');
    const token = syncToken([test.engine.stream.settled, 0 as Position]);
    await say(await test.room(alice), 'elsewhere');
    await say(roomId, 'after');
    expect(bodies((await get(alice, roomId, { dir: 'b', limit: 1, from: token })).chunk)).to.eql(['before']);
    expect(bodies((await get(alice, roomId, { dir: 'f', from: token })).chunk)).to.eql(['after']);
    expect(bodies((await get(alice, roomId, { dir: 'b', to: token })).chunk)).to.eql(['after']);
    const early = syncToken([0 as Position]);
    expect((await get(alice, roomId, { dir: 'b', from: early })).chunk).to.eql([]);
  });

  it('names nobody twice to whoever reads on, unless asked to', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    for (let i = 0; i < 3; i++) {
      await say(roomId, 'a');
      await say(roomId, 'b', bob);
    }
    const lazy = { lazy_load_members: true };
    const page = async (more: object, filter: object = lazy, who = alice) => {
      const wanted = { dir: 'b', limit: 1, filter: JSON.stringify(filter), ...more } as const;
      const answer: { end: string; state?: readonly { state_key?: string }[] } = await get(who, roomId, wanted);
      return { from: answer.end, named: (answer.state ?? []).map(({ state_key: user }) => user) };
    };
    const first = await page({});
    const second = await page({ from: first.from });
    const third = await page({ from: second.from });
    expect([first.named, second.named, third.named]).to.eql([[bob], [alice], []]);
    // As if it had been lost on the way; and what others are told is nothing to one.
    expect((await page({ from: first.from })).named).to.eql([alice]);
    expect((await page({ from: second.from }, lazy, bob)).named).to.eql([bob]);
    expect((await page({ from: second.from }, { ...lazy, include_redundant_members: true })).named).to.eql([bob]);
    expect((await page({})).named).to.eql([bob]);
    const name = { membership: 'join', displayname: 'Bobby' };
    await test.engine.sender.send(roomId, { type: 'm.room.member', stateKey: bob, sender: bob, content: name });
    await say(roomId, 'renamed', bob);
    const ahead = await page({ dir: 'f', from: third.from });
    expect(ahead.named).to.eql([]);
    const newest = await page({});
    expect((await page({ from: newest.from })).named).to.eql([bob]);
  });

  it('is filtered, and names who speaks in it when asked to', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    for (const body of ['1', '2']) await say(roomId, body);
    await say(roomId, '3', bob);
    for (let i = 0; i < 60; i++) await say(roomId, 'noise', carol).catch(code);
    const filter = (value: object) => JSON.stringify(value);
    const byBob = await get(alice, roomId, { dir: 'b', filter: filter({ senders: [bob], types: ['m.room.message'] }) });
    expect(bodies(byBob.chunk)).to.eql(['3']);
    expect(byBob).not.to.have.property('end');
    const lazy = await get(alice, roomId, { dir: 'b', limit: 2, filter: filter({ lazy_load_members: true }) });
    expect(lazy.state.map((event) => event.state_key)).to.have.members([alice, bob]);
    const none = await get(alice, roomId, { dir: 'b', filter: filter({ types: [] }) });
    expect(none.chunk).to.eql([]);
    expect(none).not.to.have.property('end');
    const other = await get(alice, roomId, { dir: 'b', filter: filter({ not_rooms: [roomId] }) });
    expect(other.chunk).to.eql([]);
    expect((await get(alice, roomId, { dir: 'b', filter: filter({ limit: 1 }) })).chunk).to.have.length(1);
  });

  it('refuses bad tokens, bad filters and strangers', async () => {
    const roomId = await test.room(alice);
    const refused = (who: UserId, query: Partial<MessagesQuery>, room = roomId) =>
      get(who, room, { dir: 'b', ...query }).catch(code);
    expect(await refused(alice, { from: 'nonsense' })).to.equal('M_INVALID_PARAM');
    expect(await refused(alice, { to: 's1' })).to.equal('M_INVALID_PARAM');
    expect(await refused(alice, { filter: '{' })).to.equal('M_NOT_JSON');
    expect(await refused(alice, { filter: '{"types":1}' })).to.equal('M_BAD_JSON');
    expect(await refused(carol, {})).to.equal('M_FORBIDDEN');
    expect(await refused(alice, {}, RoomId.parse('!none:a.test'))).to.equal('M_FORBIDDEN');
  });

  it('ends for those who left where they left, and goes on when they are back', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    await say(roomId, 'seen');
    await test.membership.kick({ roomId, sender: alice, target: bob });
    await say(roomId, 'missed');
    const seen = await get(bob, roomId, { dir: 'b', limit: 2 });
    expect(bodies(seen.chunk)).to.eql(['m.room.member', 'seen']);
    const onwards = await get(bob, roomId, { dir: 'f', from: timelineToken(1), limit: 100 });
    expect(bodies(onwards.chunk).at(-1)).to.equal('m.room.member');
    expect(onwards).not.to.have.property('end');
    await test.membership.ban({ roomId, sender: alice, target: bob });
    expect(bodies((await get(bob, roomId, { dir: 'b', limit: 2 })).chunk)).to.eql(['m.room.member', 'seen']);
    await test.membership.unban({ roomId, sender: alice, target: bob });
    await test.entering.join(bob, { roomId, via: [] });
    expect(bodies((await get(bob, roomId, { dir: 'b', limit: 100 })).chunk)).to.include('missed');
  });

  it('goes on for those who left a room that is open to the world', async () => {
    const roomId = await test.room(alice, { preset: 'public_chat', initial_state: [visibility('world_readable')] }, [
      bob,
    ]);
    await test.membership.leave(bob, roomId);
    await say(roomId, 'later');
    expect(bodies((await get(bob, roomId, { dir: 'b', limit: 1 })).chunk)).to.eql(['later']);
  });

  it('begins where the room says that it does', async () => {
    for (const [setting, sees] of [
      ['shared', true],
      ['world_readable', true],
      ['invited', false],
      ['joined', false],
    ] as const) {
      const roomId = await test.room(alice, { preset: 'public_chat', initial_state: [visibility(setting)] });
      const early = await say(roomId, 'early');
      const asStranger = await get(bob, roomId, { dir: 'b' }).catch(code);
      if (setting === 'world_readable') expect(bodies((asStranger as Page).chunk)).to.include('early');
      else expect(asStranger).to.equal('M_FORBIDDEN');
      await test.entering.join(bob, { roomId, via: [] });
      await say(roomId, 'late');
      const page = await get(bob, roomId, { dir: 'b', limit: 100 });
      expect(bodies(page.chunk).includes('early'), setting).to.equal(sees);
      expect(bodies(page.chunk)).to.include('late');
      const event = await test.history.event(deviceOf(bob), roomId, early).catch(code);
      expect(event === 'M_NOT_FOUND', setting).to.equal(!sees);
    }
  });

  it('asks other servers for what is older than anything here', async () => {
    const roomId = await test.room(alice);
    const room = await test.engine.rooms.joined(roomId);
    // As of a room that was joined over federation: its timeline begins after its beginning.
    await test.db.run({
      text: `WITH gone AS (UPDATE events SET ord = NULL WHERE room_nid = $1 AND ord < 4)
             INSERT INTO room_gaps SELECT $1, '$older', event_nid FROM events WHERE room_nid = $1 AND ord = 4`,
      values: [room.nid],
    });
    test.asked.length = 0;
    await get(alice, roomId, { dir: 'b', limit: 2 });
    expect(test.asked).to.eql([]);
    const page = await get(alice, roomId, { dir: 'b', limit: 100 });
    expect(page.chunk).to.have.length(3);
    expect(test.asked).to.eql([['backfill', Number.MIN_SAFE_INTEGER, 97]]);
    expect(page).not.to.have.property('end');
  });

  it('of one event, with what was said around it', async () => {
    const roomId = await test.room(alice, undefined, [bob]);
    const ids: EventId[] = [];
    for (const body of ['1', '2', '3', '4', '5']) ids.push(await say(roomId, body));
    const context = async (who: UserId, eventId: EventId, query: { limit?: number; filter?: string } = {}) =>
      JSON.parse(await test.history.context(deviceOf(who), { roomId, eventId }, query)) as Context;
    const around = await context(alice, ids[2]!, { limit: 3 });
    expect(around.event.content.body).to.equal('3');
    expect(bodies(around.events_before)).to.eql(['2']);
    expect(bodies(around.events_after)).to.eql(['4', '5']);
    expect(around.state.map((event) => event.type)).to.include.members(['m.room.create', 'm.room.member']);
    expect(bodies((await get(alice, roomId, { dir: 'b', limit: 1, from: around.start })).chunk)).to.eql(['1']);
    expect((await get(alice, roomId, { dir: 'f', from: around.end })).chunk).to.eql([]);
    const alone = await context(alice, ids[2]!, { limit: 0, filter: '{"lazy_load_members":true}' });
    expect([alone.events_before, alone.events_after]).to.eql([[], []]);
    const members = alone.state.filter((event) => event.type === 'm.room.member');
    expect(members).to.have.length(1);
    expect(await context(carol, ids[2]!).catch(code)).to.equal('M_NOT_FOUND');
    expect(await context(alice, EventId.parse('$none')).catch(code)).to.equal('M_NOT_FOUND');
    const elsewhere = await say(await test.room(alice), 'x');
    expect(await context(alice, elsewhere).catch(code)).to.equal('M_NOT_FOUND');
    expect(await test.history.event(deviceOf(alice), roomId, elsewhere).catch(code)).to.equal('M_NOT_FOUND');
  });
});
