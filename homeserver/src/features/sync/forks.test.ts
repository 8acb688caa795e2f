import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Change } from '../../rooms/write/change.ts';
import type { Position } from '../../streams/stream.ts';
import { joinedIn, SyncFixture, userOf } from '../../testing/sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');

describe('forks in /sync', () => {
  let fixture: SyncFixture;
  let room: RoomId;
  beforeEach(async () => {
    fixture = await SyncFixture.create();
    room = await fixture.room(alice);
  });
  afterEach(() => fixture[Symbol.asyncDispose]());

  /** A message arrives that joins two branches, and with it `winner` is current again instead of `loser`. */
  const resolve = async (winner: StoredEvent | undefined, loser: StoredEvent): Promise<void> => {
    const along = async (change: Change, position: Position): Promise<void> => {
      const key = loser.keyNumber ?? -1;
      const next = await fixture.engine.tries.change(change.head.snapshot, new Map([[key, winner?.nid ?? 0]]));
      change.addRows(next.rows);
      change.setCurrent(next.snapshot, position, [[key, loser, winner]]);
    };
    await fixture.arrive(room, { sender: alice, body: 'merge', along });
  };

  for (const field of ['state', 'state_after'] as const) {
    it(`what a resolution made current is told, though the timeline does not show it (${field})`, async () => {
      const winner = await fixture.set(room, alice, 'm.room.topic', { topic: 'winner' });
      const loser = await fixture.set(room, alice, 'm.room.topic', { topic: 'loser' });
      const since = (await fixture.ask(alice)).next_batch;
      await resolve(winner, loser);
      const told = joinedIn(await fixture.ask(alice, { since, stateField: field }), room);
      expect(told?.[field].events.map(({ event_id: id }) => id)).to.eql([winner.event.eventId]);
      expect(told?.timeline.events.map(({ content }) => content['body'])).to.eql(['merge']);
      expect(told?.timeline.limited).to.equal(false);
    });
  }

  it('a reader whose join was taken back has left', async () => {
    const loser = await fixture.member(room, bob, 'join');
    const since = (await fixture.ask(bob)).next_batch;
    await resolve(undefined, loser);
    const answer = await fixture.ask(bob, { since });
    expect(answer.rooms).to.not.have.property('join');
    expect(answer.rooms?.leave?.[room]?.timeline.events).to.eql([]);
    expect((await fixture.ask(bob)).rooms).to.equal(undefined);
  });

  it('a reader whose kick was undone has all to learn', async () => {
    const winner = await fixture.member(room, bob, 'join');
    const joined = (await fixture.ask(bob)).next_batch;
    const loser = await fixture.member(room, bob, 'leave', alice);
    const left = await fixture.ask(bob, { since: joined });
    expect(left.rooms?.leave).to.have.property(room);
    await fixture.set(room, alice, 'm.room.topic', { topic: 'missed' });
    const { next_batch: since } = await fixture.ask(bob, { since: left.next_batch });
    await resolve(winner, loser);
    const told = joinedIn(await fixture.ask(bob, { since }), room);
    expect(told?.timeline.limited).to.equal(true);
    expect(JSON.stringify(told)).to.contain('missed');
    // Who had not heard of it has missed nothing.
    const never = joinedIn(await fixture.ask(bob, { since: joined }), room);
    expect(never?.timeline.limited).to.equal(false);
    expect(JSON.stringify(never)).to.contain('missed');
  });

  it('a reader whose invitation was taken back is not told it again', async () => {
    const loser = await fixture.member(room, bob, 'invite', alice);
    const since = (await fixture.ask(bob)).next_batch;
    await resolve(undefined, loser);
    const answer = await fixture.ask(bob, { since });
    expect(answer.rooms).to.not.have.property('invite');
    expect(answer.rooms?.leave?.[room]?.timeline.events).to.eql([]);
    expect((await fixture.ask(bob)).rooms).to.equal(undefined);
  });

  it('a reader who is out again by an older leave has left', async () => {
    await fixture.member(room, bob, 'join');
    const winner = await fixture.member(room, bob, 'leave');
    const loser = await fixture.member(room, bob, 'join');
    const since = (await fixture.ask(bob)).next_batch;
    await resolve(winner, loser);
    await fixture.say(room, alice, 'unheard');
    const answer = await fixture.ask(bob, { since });
    expect(answer.rooms).to.not.have.property('join');
    expect(answer.rooms?.leave?.[room]?.timeline.events.map(({ event_id: id }) => id)).to.eql([winner.event.eventId]);
    expect(JSON.stringify(answer)).to.not.contain('unheard');
  });
});
