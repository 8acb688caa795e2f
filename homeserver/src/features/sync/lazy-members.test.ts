import type { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { joinedIn, membersOf, stateOf, SyncFixture, userOf } from '../../testing/sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const carol = userOf('carol');
const dan = userOf('dan');

describe('members that are loaded lazily are told', () => {
  let fixture: SyncFixture;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  after(() => fixture[Symbol.asyncDispose]());

  const next = async (user: UserId): Promise<string> => (await fixture.ask(user)).next_batch;

  describe('as they speak', () => {
    const filter = { room: { timeline: { limit: 2 }, state: { lazy_load_members: true } } };

    it('once, with oneself', async () => {
      const room = await fixture.room(alice, [['m.room.name', { name: 'Square' }]]);
      for (const user of [bob, carol]) await fixture.member(room, user, 'join');
      for (let i = 0; i < 3; i++) await fixture.say(room, alice, `m${i}`);
      const ask = (since?: string) => fixture.ask(bob, { filter, since, device: 'LAZY' });
      const first = await ask();
      expect(membersOf(stateOf(first, room))).to.eql([alice, bob]);
      await fixture.say(room, carol, 'hello');
      const second = await ask(first.next_batch);
      expect(membersOf(stateOf(second, room))).to.eql([carol]);
      expect(joinedIn(second, room)).to.not.have.property('summary');
      await fixture.say(room, carol, 'hello again');
      await fixture.say(room, alice, 'and I');
      const third = await ask(second.next_batch);
      expect(stateOf(third, room)).to.eql([]);
      // The second answer was lost: its members are told again.
      expect(membersOf(stateOf(await ask(first.next_batch), room))).to.eql([carol]);
      const redundant = {
        room: { ...filter.room, state: { lazy_load_members: true, include_redundant_members: true } },
      };
      const again = await fixture.ask(bob, { filter: redundant, since: second.next_batch, device: 'LAZY' });
      expect(membersOf(stateOf(again, room))).to.eql([alice, carol]);
    });

    it('and when they changed in a gap, or name a room that has no name', async () => {
      const room = await fixture.room(alice);
      await fixture.member(room, bob, 'join');
      await fixture.member(room, carol, 'join');
      for (let i = 0; i < 3; i++) await fixture.say(room, alice, `m${i}`);
      const first = await fixture.ask(alice, { filter });
      const joined = joinedIn(first, room);
      expect(joined?.summary?.['m.heroes']).to.eql([bob, carol]);
      expect(membersOf(joined?.state.events)).to.eql([alice, bob, carol]);
      await fixture.rename(room, bob, 'B');
      for (let i = 0; i < 3; i++) await fixture.say(room, alice, `n${i}`);
      const told = joinedIn(await fixture.ask(alice, { filter, since: first.next_batch }), room);
      expect(membersOf(told?.state.events)).to.eql([bob]);
    });

    it('and when they name a room whose name is taken away, be it by a redaction', async () => {
      const room = await fixture.room(alice);
      for (const user of [bob, carol]) await fixture.member(room, user, 'join');
      const name = await fixture.set(room, alice, 'm.room.name', { name: 'Square' });
      await fixture.say(room, alice, 'hello');
      const ask = (since?: string) => fixture.ask(bob, { filter, since, device: 'NAMES' });
      const first = await ask();
      expect(joinedIn(first, room)?.summary).to.not.have.property('m.heroes');
      await fixture.redact(room, alice, name.event.eventId);
      const second = await ask(first.next_batch);
      expect(joinedIn(second, room)?.summary?.['m.heroes']).to.eql([alice, carol]);
      expect(membersOf(stateOf(second, room))).to.eql([carol]);
      await fixture.say(room, alice, 'hello');
      expect(joinedIn(await ask(second.next_batch), room)).to.not.have.property('summary');
    });

    it('and when they came in a gap, for clients have lists of members to keep', async () => {
      const room = await fixture.room(alice);
      const newcomers = Array.from({ length: 25 }, (_, n) => userOf(`newcomer${n}`)).toSorted();
      const since = await next(alice);
      for (const user of newcomers) await fixture.member(room, user, 'join');
      for (let i = 0; i < 2; i++) await fixture.say(room, alice, `m${i}`);
      const ways = [
        [2, 'state'],
        [2, 'state_after'],
        [50, 'state_after'],
      ] as const;
      for (const [limit, stateField] of ways) {
        const filter = { room: { timeline: { limit }, state: { lazy_load_members: true } } };
        const told = joinedIn(await fixture.ask(alice, { filter, since, stateField }), room);
        const users = membersOf(told?.[stateField].events).filter((user) => user !== alice);
        expect(users, `${stateField} ${limit}`).to.eql(newcomers);
      }
    });
  });

  describe('again whom a device may not know as they are', () => {
    const filter = { room: { timeline: { limit: 1 }, state: { lazy_load_members: true } } };
    let room: Awaited<ReturnType<SyncFixture['room']>>;
    let since: string;
    const ask = async (more: { since?: string; fullState?: true } = {}) => {
      const answer = await fixture.ask(bob, { filter, device: 'LAZY', ...more });
      since = answer.next_batch;
      return membersOf(stateOf(answer, room));
    };

    beforeEach(async () => {
      room = await fixture.room(alice, [['m.room.name', { name: 'Square' }]]);
      for (const user of [bob, carol]) await fixture.member(room, user, 'join');
      await fixture.say(room, alice, 'welcome');
      await ask();
      await fixture.say(room, carol, 'hello');
      expect(await ask({ since })).to.eql([carol]);
      await fixture.say(room, bob, 'hello');
    });

    it('because it begins afresh', async () => {
      expect(await ask()).to.eql([bob]);
      await fixture.say(room, carol, 'again');
      expect(await ask({ since })).to.eql([carol]);
    });

    it('because it asks for all state, in which others have changed', async () => {
      await fixture.rename(room, carol, 'Caroline');
      await fixture.say(room, bob, 'hello, Caroline');
      expect(await ask({ since, fullState: true })).to.have.members([bob, carol]);
      for (const user of [carol, alice]) await fixture.say(room, user, 'again');
      expect(await ask({ since })).to.eql([alice]);
    });

    for (const [where, isSeen] of [
      ['since it left the room', true],
      ['while it was not in the room, of which it never heard', false],
    ] as const) {
      it(`because others have changed ${where}`, async () => {
        if (!isSeen) await fixture.rename(room, carol, 'Caroline');
        await fixture.member(room, bob, 'leave');
        if (isSeen) await ask({ since });
        if (isSeen) await fixture.rename(room, carol, 'Caroline');
        await fixture.member(room, dan, 'join');
        await fixture.member(room, bob, 'join');
        await fixture.say(room, bob, 'back');
        expect(await ask({ since })).to.have.members([bob, carol, dan]);
        // As she was before, and so nobody has told.
        await fixture.say(room, alice, 'again');
        expect(await ask({ since })).to.eql([alice]);
      });
    }

    it('because it goes on from an older place than it had come to, and where they spoke there is a gap now', async () => {
      await ask();
      const older = since;
      await fixture.say(room, alice, 'hello');
      expect(await ask({ since })).to.eql([alice]);
      for (let i = 0; i < 2; i++) await fixture.say(room, bob, `m${i}`);
      expect(await ask({ since: older })).to.eql([]);
      await fixture.say(room, alice, 'again');
      expect(await ask({ since })).to.eql([alice]);
    });

    it('because its filter left them out', async () => {
      const state = { lazy_load_members: true, not_types: ['m.room.member'] };
      const withoutMembers = { room: { timeline: { limit: 2 }, state } };
      since = (await fixture.ask(bob, { filter: withoutMembers, device: 'LAZY' })).next_batch;
      await fixture.say(room, carol, 'again');
      expect(await ask({ since })).to.eql([carol]);
    });

    it('because it is put out of the room', async () => {
      await ask();
      for (let i = 0; i < 3; i++) await fixture.say(room, carol, `m${i}`);
      await fixture.member(room, bob, 'leave', alice);
      const two = { room: { ...filter.room, timeline: { limit: 2 } } };
      const { rooms } = await fixture.ask(bob, { filter: two, since, device: 'LAZY' });
      expect(membersOf(rooms?.leave?.[room]?.state.events)).to.eql([alice, carol]);
    });
  });
});
