import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { buildEvent } from '../../core/events/build.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import { Change } from '../../rooms/write/change.ts';
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
    const { rooms, tries, nids, committer } = fixture.engine;
    const there = await rooms.joined(room);
    const { head, version } = there;
    const event = buildEvent(
      {
        version,
        roomId: room,
        eventId: undefined,
        type: 'm.room.message',
        sender: alice,
        stateKey: undefined,
        content: { body: 'merge' },
        prevEvents: head.extremities.map(({ eventId }) => eventId),
        authEvents: [],
        depth: head.depth + 1,
        sentAt: fixture.test.clock.now(),
        redacts: undefined,
      },
      fixture.test.signer,
    );
    const change = new Change(there, head);
    const position = await committer.claim();
    const nid = nids.take();
    const { snapshot } = head;
    change.place(event, { nid, status: 'accepted', snapshot, position, replaces: undefined, authNumbers: undefined });
    change.setExtremities([{ nid, eventId: event.eventId, depth: event.depth }]);
    const key = loser.keyNumber ?? -1;
    const next = await tries.change(snapshot, new Map([[key, winner?.nid ?? 0]]));
    change.addRows(next.rows);
    change.setCurrent(next.snapshot, position, [[key, loser, winner]]);
    expect(await committer.commit(change, [position])).to.equal(true);
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
