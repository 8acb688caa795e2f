import type { EventId, RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { joinedIn, SyncFixture, type SyncWish, userOf } from '../../testing/sync.ts';
import { statementsOf } from '../../testing/statements.ts';

const alice = userOf('alice');
const bob = userOf('bob');

describe('what is said about events, in /sync', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  const answer = (room: RoomId, root: EventId) =>
    fixture.engine.sender.send(room, {
      sender: alice,
      type: 'm.room.message',
      content: { body: 'answer', 'm.relates_to': { rel_type: 'm.thread', event_id: root } },
    });
  /** The names of the statements that an answer takes, and the answer. */
  const ask = async (wish: SyncWish) => {
    let told: Awaited<ReturnType<SyncFixture['ask']>> = { next_batch: '' };
    const statements = await statementsOf(fixture.test.db, async () => (told = await fixture.ask(bob, wish)));
    return { told, statements };
  };

  it('costs nothing while nothing is left out', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const root = await fixture.say(room, alice, 'root');
    let { next_batch: since } = await fixture.ask(bob);
    for (const say of [() => fixture.say(room, alice, 'plain'), () => answer(room, root.event.eventId)]) {
      await say();
      const { told, statements } = await ask({ since });
      expect(statements).to.eql([]);
      expect(joinedIn(told, room)?.timeline.limited).to.equal(false);
      expect(joinedIn(told, room)?.timeline.events[0]?.unsigned).to.include({ membership: 'join' });
      since = told.next_batch;
    }
    await fixture.say(room, bob, 'mine');
    expect((await ask({ since })).statements).to.eql([]);
  });

  it('is told where a timeline is cut, for all rooms together', async () => {
    const rooms: RoomId[] = [];
    for (let i = 0; i < 10; i++) {
      const room = await fixture.room(alice);
      await fixture.member(room, bob, 'join');
      for (let j = 0; j < 5; j++) await fixture.say(room, alice, 'before');
      const root = await fixture.say(room, alice, 'root');
      await answer(room, root.event.eventId);
      rooms.push(room);
    }
    const wish = { filter: { room: { timeline: { limit: 2 } } } };
    await fixture.restart();
    await ask(wish); // so that the rooms are in memory, and come side by side
    const { told, statements } = await ask(wish);
    for (const room of rooms) {
      const [root] = joinedIn(told, room)?.timeline.events ?? [];
      expect(root?.unsigned?.['m.relations']).to.have.property('m.thread');
    }
    // One for who comes first, one for those who come meanwhile, and as many for the threads' newest events.
    expect(statements.filter((name) => name === 'relations.bundles').length).to.be.at.most(4);
  });

  it('is looked up once where there is nothing, until there is', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const root = await fixture.say(room, alice, 'root');
    const wish = { filter: { room: { rooms: [room], timeline: { limit: 1 } } } };
    await ask(wish);
    const { told: silent, statements } = await ask(wish);
    expect(joinedIn(silent, room)?.timeline.events[0]?.unsigned).not.to.have.property('m.relations');
    expect(statements).not.to.include('relations.bundles');
    await answer(room, root.event.eventId);
    const { told } = await ask({ filter: { room: { rooms: [room], timeline: { limit: 2 } } } });
    expect(joinedIn(told, room)?.timeline.events[0]?.unsigned?.['m.relations']).to.have.property('m.thread');
  });
});
