import { expect } from 'chai';
import type { EventId, RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { joinedIn, stateOf, SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';
import { statementsOf } from '../../testing/statements.ts';

const alice = userOf('alice');
const bob = userOf('bob');

describe('state that is redacted, by /sync', () => {
  let fixture: SyncFixture;
  let room: RoomId;
  let name: EventId;
  let devices = 0;
  let device: string;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());
  beforeEach(async () => {
    device = `D${devices++}`;
    room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    name = (await fixture.set(room, alice, 'm.room.name', { name: 'A word' })).event.eventId;
  });

  const ask = (since?: string, filter: JsonObject = {}) => fixture.ask(bob, { since, filter, device });
  const start = async (filter?: JsonObject): Promise<string> => (await ask(undefined, filter)).next_batch;
  const talk = async (messages = 11) => {
    for (let i = 0; i < messages; i++) await fixture.say(room, alice, `${i}`);
  };
  const told = (answer: SyncResponse) => stateOf(answer, room).map(({ event_id: id, content }) => [id, content]);

  it('is told as it is then where the redaction is in a gap, and once', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    await talk();
    const answer = await ask(since);
    expect(joinedIn(answer, room)?.timeline.limited).to.equal(true);
    expect(told(answer)).to.eql([[name, {}]]);
    // A name that has been taken away leaves the room to be named by who is there.
    expect(joinedIn(answer, room)?.summary?.['m.heroes']).to.eql([alice]);
    await talk();
    expect(told(await ask(answer.next_batch))).to.eql([]);
  });

  it('is known without asking the database, unless that was before a restart', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    await talk();
    const statements = () => statementsOf(fixture.test.db, () => ask(since));
    expect(await statements()).to.not.include('redactions.of_state');
    await fixture.restart();
    expect(await statements()).to.include('redactions.of_state');
  });

  it('is told so to whoever comes back after a restart', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    await talk();
    await fixture.restart();
    const answer = await ask(since);
    expect(told(answer)).to.eql([[name, {}]]);
    await talk();
    expect(told(await ask(answer.next_batch))).to.eql([]);
  });

  it('is told so with the state at the end of the timeline', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    await talk();
    const { state_after: state } = joinedIn(
      await fixture.ask(bob, { since, device, stateField: 'state_after' }),
      room,
    )!;
    expect(state.events.map(({ event_id: id, content }) => [id, content])).to.eql([[name, {}]]);
  });

  it('is told so where a filter leaves out redactions', async () => {
    const filter = { room: { timeline: { types: ['m.room.message'] } } };
    const since = await start(filter);
    await fixture.redact(room, alice, name);
    await talk(1);
    const answer = await ask(since, filter);
    expect(joinedIn(answer, room)?.timeline.limited).to.equal(false);
    expect(told(answer)).to.eql([[name, {}]]);
    // Also when the answer got lost, and what was said is at hand by now.
    expect(told(await ask(since, filter))).to.eql([[name, {}]]);
    await talk(1);
    expect(told(await ask(answer.next_batch, filter))).to.eql([]);
  });

  it('is told so of members who are loaded lazily', async () => {
    const filter = { room: { state: { lazy_load_members: true } } };
    const { event } = await fixture.rename(room, alice, 'A word');
    const since = await start(filter);
    await fixture.redact(room, alice, event.eventId);
    await talk();
    expect(told(await ask(since, filter))).to.eql([[event.eventId, { membership: 'join' }]]);
  });

  it('is told so of members who were redacted while one was away', async () => {
    const filter = { room: { state: { lazy_load_members: true } } };
    const { event } = await fixture.rename(room, alice, 'A word');
    const first = await start(filter);
    await fixture.member(room, bob, 'leave');
    const since = (await ask(first, filter)).next_batch;
    await fixture.redact(room, alice, event.eventId);
    await fixture.member(room, bob, 'join');
    for (let i = 0; i < 11; i++) await fixture.say(room, bob, `${i}`);
    expect(told(await ask(since, filter))).to.deep.include([event.eventId, { membership: 'join' }]);
  });

  it('is told so of a room that one has left since', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    await talk();
    await fixture.member(room, bob, 'leave');
    const { rooms } = await ask(since);
    expect(rooms?.leave?.[room]?.state.events.map(({ event_id: id }) => id)).to.eql([name]);
  });

  it('is not told where the timeline shows the redaction', async () => {
    const since = await start();
    await talk();
    await fixture.redact(room, alice, name);
    expect(told(await ask(since))).to.eql([]);
  });

  it('is not told where it is replaced by now', async () => {
    const since = await start();
    await fixture.redact(room, alice, name);
    const next = await fixture.set(room, alice, 'm.room.name', { name: 'Another' });
    await talk();
    expect(told(await ask(since))).to.eql([[next.event.eventId, { name: 'Another' }]]);
  });

  it('is not told of messages', async () => {
    const said = await fixture.say(room, alice, 'A word');
    const since = await start();
    await fixture.redact(room, alice, said.event.eventId);
    await talk();
    expect(told(await ask(since))).to.eql([]);
  });
});
