import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { statementsOf } from '../../testing/statements.ts';

const PEOPLE = ['alice', 'bob', 'carol', 'dora', 'eve'].map((name) => userOf(name));

describe('all who come back at the same moment after a restart', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  for (const busy of [1, 4]) {
    it(`have what is the same for all of them read once, where ${busy} of four rooms went on`, async () => {
      const rooms: RoomId[] = [];
      for (let i = 0; i < 4; i++) {
        const room = await fixture.room(PEOPLE[0]!);
        for (const user of PEOPLE.slice(1)) await fixture.member(room, user, 'join');
        rooms.push(room);
      }
      const since = (await fixture.ask(PEOPLE[0]!)).next_batch;
      for (const room of rooms.slice(0, busy)) {
        for (let i = 0; i < 3; i++) await fixture.say(room, PEOPLE[0]!, `message ${i}`);
      }
      await fixture.restart();
      const askAll = () => Promise.all(PEOPLE.map((user) => fixture.ask(user, { since })));
      const statements = await statementsOf(fixture.test.db, askAll);
      for (const one of ['events.newest', 'state_log.newest', 'keys.of_rooms']) {
        expect(statements.filter((name) => name === one)).to.eql([one]);
      }
    });
  }

  it('are shown the same timeline with one look at what it changes', async () => {
    const room = await fixture.room(PEOPLE[0]!);
    for (const user of PEOPLE.slice(1)) await fixture.member(room, user, 'join');
    const { tries } = fixture.engine;
    const diff = tries.diff.bind(tries);
    const looked: string[] = [];
    tries.diff = (a, b) => {
      looked.push(`${a} ${b}`);
      return diff(a, b);
    };
    const filter = { room: { rooms: [room], state: { lazy_load_members: true }, timeline: { limit: 2 } } };
    const answers = [];
    for (const user of PEOPLE) answers.push(await fixture.ask(user, { filter, device: 'NEW' }));
    tries.diff = diff;
    expect(looked).to.have.length(1);
    for (const { rooms } of answers) expect(rooms?.join?.[room]?.state.events).to.have.length.above(2);
  });

  it('have long answers made a few at a time, so that some are ready before all are', async () => {
    const people = [...PEOPLE, userOf('frank'), userOf('grace')];
    for (let i = 0; i < 21; i++) {
      const room = await fixture.room(people[0]!);
      for (const user of people.slice(1)) await fixture.member(room, user, 'join');
    }
    const { rooms } = fixture.engine;
    const byNids = rooms.byNids.bind(rooms);
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    rooms.byNids = async (nids) => {
      if (nids.length > 20) begun++;
      await gate.promise;
      return byNids(nids);
    };
    const sessions = people.map((user) => fixture.ask(user));
    while (begun < 6) await setTimeout(1);
    // Room for one too many to begin.
    await setTimeout(100);
    const atFirst = begun;
    gate.resolve();
    const answers = await Promise.all(sessions);
    rooms.byNids = byNids;
    expect([atFirst, begun]).to.eql([6, 7]);
    for (const { rooms: told } of answers) expect(Object.keys(told?.join ?? {})).to.have.length.above(20);
  });
});
