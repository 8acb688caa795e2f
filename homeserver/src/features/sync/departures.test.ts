import type { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { forgetRoom } from '../../rooms/members/forgetting.ts';
import { bodies, SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';

const [alice, bob, carol] = [userOf('alice'), userOf('bob'), userOf('carol')];
const archive = { room: { include_leave: true } };

describe('departures in /sync', () => {
  let fixture: SyncFixture;
  let room: RoomId;
  before(async () => (fixture = await SyncFixture.create()));
  beforeEach(async () => {
    room = await fixture.room(alice);
    await fixture.member(room, carol, 'join');
    await fixture.member(room, bob, 'join');
  });
  afterEach(() => fixture.ignored.clear());
  after(() => fixture[Symbol.asyncDispose]());

  const next = async (user: UserId): Promise<string> => (await fixture.ask(user)).next_batch;
  const sections = ({ rooms = {} }: SyncResponse): string[] =>
    Object.entries(rooms).flatMap(([section, told]) => (room in told ? [section] : []));
  const forget = async (): Promise<void> => forgetRoom(fixture.engine, bob, await fixture.engine.rooms.joined(room));

  describe('where somebody whom one ignores asks one back', () => {
    beforeEach(() => fixture.ignored.set(bob, new Set([carol])));

    it('are told, and the invite is not', async () => {
      const since = await next(bob);
      await fixture.say(room, alice, 'heard');
      await fixture.member(room, bob, 'leave', alice);
      await fixture.say(room, alice, 'unheard');
      await fixture.member(room, bob, 'invite', carol);
      const answer = await fixture.ask(bob, { since });
      expect(sections(answer)).to.eql(['leave']);
      const told = answer.rooms?.leave?.[room];
      expect(bodies(told)).to.eql(['heard', 'm.room.member']);
      expect(JSON.stringify(told)).not.to.contain('unheard').and.not.to.contain('"invite"');
      expect((await fixture.ask(bob, { since: answer.next_batch })).rooms).to.equal(undefined);
      expect(sections(await fixture.ask(bob))).to.eql([]);
      expect(bodies((await fixture.ask(bob, { filter: archive })).rooms?.leave?.[room]).slice(-2)).to.eql(bodies(told));
    });

    it('are told once', async () => {
      await fixture.member(room, bob, 'leave');
      const since = await next(bob);
      await fixture.member(room, bob, 'invite', carol);
      expect((await fixture.ask(bob, { since })).rooms).to.equal(undefined);
    });

    it('are told when the room has been forgotten, too', async () => {
      const since = await next(bob);
      await fixture.member(room, bob, 'leave');
      await forget();
      await fixture.member(room, bob, 'invite', carol);
      expect(sections(await fixture.ask(bob, { since }))).to.eql(['leave']);
    });
  });

  describe('from a room that one has forgotten', () => {
    for (const kind of ['in memory', 'after a restart', 'of who is not here'] as const)
      it(`are not told again when one is banned, nor when that is over (${kind})`, async () => {
        await fixture.member(room, bob, 'leave');
        await forget();
        const since = await next(bob);
        for (const [membership, by] of [
          ['ban', alice],
          ['leave', alice],
        ] as const) {
          if (kind === 'of who is not here') fixture.engine.userRooms.outdated([bob]);
          await fixture.member(room, bob, membership, by);
          if (kind === 'after a restart') await fixture.restart();
          expect((await fixture.ask(bob, { since })).rooms).to.equal(undefined);
          expect((await fixture.ask(bob, { filter: archive })).rooms?.leave ?? {}).not.to.have.property(room);
        }
        await fixture.member(room, bob, 'invite', alice);
        expect(sections(await fixture.ask(bob, { since }))).to.eql(['invite']);
        await fixture.member(room, bob, 'join');
        expect(sections(await fixture.ask(bob, { since }))).to.eql(['join']);
      });

    it('are told to who never was there and is banned', async () => {
      const dave = userOf('dave');
      const since = await next(dave);
      await fixture.member(room, dave, 'ban', alice);
      expect(sections(await fixture.ask(dave, { since }))).to.eql(['leave']);
    });
  });

  it('that were not told before an invite leave a gap behind it', async () => {
    let since = await next(bob);
    await fixture.say(room, alice, 'missed');
    await fixture.member(room, bob, 'leave', alice);
    await fixture.member(room, bob, 'invite', alice);
    since = (await fixture.ask(bob, { since })).next_batch;
    await fixture.member(room, bob, 'leave');
    const told = (await fixture.ask(bob, { since })).rooms?.leave?.[room];
    expect(told?.timeline).to.include({ limited: true });
    expect(told?.timeline.prev_batch).to.be.a('string');
  });

  it('have one membership for each, however often one is put out', async () => {
    await fixture.member(room, bob, 'leave', alice);
    await fixture.member(room, bob, 'ban', alice);
    const filter = { room: { include_leave: true, state: { lazy_load_members: true } } };
    const told = (await fixture.ask(bob, { filter, stateField: 'state_after' })).rooms?.leave?.[room];
    const own = told?.state_after.events.filter(({ state_key: key }) => key === bob);
    expect(own?.map(({ content }) => content['membership'])).to.eql(['ban']);
  });
});
