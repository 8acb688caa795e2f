import { DeviceId, type EventId, type RoomId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import fc from 'fast-check';
import { expect } from 'chai';
import type { SnapshotId } from '../../rooms/model.ts';
import { SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';
import type { Position } from '../../streams/stream.ts';
import { readerTextsOf } from './event-texts.sync.ts';
import { Responses } from './responses.sync.ts';
import type { Hearing } from './long-answers.sync.ts';
import type { Positions, StateField, Told, View } from './view.sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const carol = userOf('carol');
const DEVICE = DeviceId.parse('D');
const everybody = [alice, bob, carol];

const who = fc.nat(everybody.length - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('say' as const), who, room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('notice' as const), who, room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('topic' as const), room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), who, room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('come and go' as const), room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redact' as const), room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), room: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('say beside' as const), room: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ignore' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tag' as const), room: fc.nat(1) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('sync' as const), who, isLost: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const SYNCS: readonly Step[] = [0, 1, 2].map((of) => ({ do: 'sync', who: of, isLost: false }));
const MESSAGE: Step = { do: 'say', who: 0, room: 0 };
/** What mostly happens, after all else: somebody says something to who has heard everything else. */
const ENDING: readonly Step[] = [...SYNCS, MESSAGE, ...SYNCS, MESSAGE, ...SYNCS];

const filters: readonly JsonObject[] = [
  {},
  { room: { state: { lazy_load_members: true } } },
  { room: { state: { lazy_load_members: true, include_redundant_members: true } } },
  { room: { timeline: { limit: 5, not_types: ['m.notice', 'm.room.topic'] } } },
  { room: { timeline: { related_by_rel_types: ['m.annotation'] } } },
  { event_fields: ['type', 'content.body'] },
];

interface Wish {
  readonly filter: JsonObject;
  readonly stateField: StateField;
}

describe('news at hand', () => {
  let fixture: SyncFixture;
  let names = 0;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  after(() => fixture[Symbol.asyncDispose]());

  const viewOf = async (
    responses: Responses,
    { user, since, wish }: { user: UserId; since: Positions | undefined; wish: Wish },
  ) => {
    const upTo = responses.place.now;
    const view: View & Hearing = {
      viewer: { userId: user, deviceId: DEVICE, tokenId: 1 },
      filter: await fixture.filters.resolve(user, JSON.stringify(wish.filter)),
      fullState: false,
      stateField: wish.stateField,
      after: since?.[0],
      upTo: upTo[0] ?? (0 as Position),
      isGone: () => false,
    };
    return { view, upTo };
  };

  /** Of each room the state from before the others came. */
  const beginnings = new Map<RoomId, SnapshotId>();

  /** Two rooms in which all three are. */
  const rooms = async (): Promise<readonly RoomId[]> => {
    const made = [await fixture.room(alice), await fixture.room(alice)];
    for (const room of made) beginnings.set(room, (await fixture.engine.rooms.joined(room)).head.snapshot);
    for (const room of made) for (const user of [bob, carol]) await fixture.member(room, user, 'join');
    return made;
  };

  it('need not be waited for by those whom a message wakes', async () => {
    const responses = new Responses(fixture.responsesDeps());
    const [room = '' as RoomId] = await rooms();
    const wish: Wish = { filter: { room: { state: { lazy_load_members: true } } }, stateField: 'state' };
    for (const user of [bob, carol]) {
      const first = await viewOf(responses, { user, since: undefined, wish });
      await responses.news(first.view, undefined, first.upTo);
    }
    let since = responses.place.now;
    for (const body of ['one', 'two', 'three']) {
      await fixture.say(room, alice, body);
      const told = [];
      for (const user of [bob, carol]) {
        const { view, upTo } = await viewOf(responses, { user, since, wish });
        told.push(responses.news(view, since, upTo));
      }
      const [first, second] = told;
      expect((await first)?.text).to.contain(body);
      // Alice's membership is told with what she says first.
      if (body !== 'one') expect((await second)?.text).to.equal((await first)?.text);
      const { view, upTo } = await viewOf(responses, { user: carol, since, wish });
      if (body !== 'one') expect(responses.news(view, since, upTo)).to.eql(await second);
      since = responses.place.now;
      const quiet = await viewOf(responses, { user: bob, since, wish });
      expect(responses.news(quiet.view, since, quiet.upTo)).to.eql({ text: undefined, reached: since });
    }
  });

  it('are at hand, too, where more has been said than somebody has rooms', async () => {
    const responses = new Responses(fixture.responsesDeps());
    const room = await fixture.room(alice);
    const newcomers = [userOf('dora'), userOf('emil')];
    for (const user of newcomers) await fixture.member(room, user, 'join');
    const wish: Wish = { filter: {}, stateField: 'state' };
    for (const user of newcomers) {
      const { view, upTo } = await viewOf(responses, { user, since: undefined, wish });
      await responses.news(view, undefined, upTo);
    }
    const since = responses.place.now;
    for (const body of ['one', 'two', 'three']) await fixture.say(room, alice, body);
    const told = [];
    for (const user of newcomers) {
      const { view, upTo } = await viewOf(responses, { user, since, wish });
      const news = responses.news(view, since, upTo);
      told.push({ isAtHand: !(news instanceof Promise), text: (await news).text });
    }
    expect(told[0]?.text).to.contain('"one"').and.contain('"two"').and.contain('"three"');
    expect(told[1]).to.eql({ isAtHand: true, text: told[0]?.text });
  });

  it('are not all there is where the state has changed behind a filter', async () => {
    const responses = new Responses(fixture.responsesDeps());
    const [room = '' as RoomId] = await rooms();
    const wish: Wish = { filter: { room: { timeline: { not_types: ['m.room.topic'] } } }, stateField: 'state' };
    for (const topic of ['first', 'then', 'last']) {
      const since = responses.place.now;
      await fixture.set(room, alice, 'm.room.topic', { topic });
      await fixture.say(room, alice, 'hello');
      for (const user of [bob, carol]) {
        const { view, upTo } = await viewOf(responses, { user, since, wish });
        expect((await responses.news(view, since, upTo)).text).to.contain(`"topic":"${topic}"`);
      }
    }
  });

  const act = async (one: Exclude<Step, { do: 'sync' }>, room: RoomId, isIn: Map<RoomId, boolean>): Promise<void> => {
    const user = 'who' in one ? (everybody[one.who] ?? alice) : alice;
    const isThere = user !== carol || isIn.get(room) === true;
    if (one.do === 'say' && isThere) {
      const { nid } = await fixture.say(room, user, 'hello');
      fixture.engine.echoes.sent(nid, { userId: user, deviceId: DEVICE }, 'txn');
    }
    if (one.do === 'notice' && isThere) {
      await fixture.engine.sender.send(room, { sender: user, type: 'm.notice', content: { body: 'notice' } });
    } else if (one.do === 'topic') await fixture.set(room, alice, 'm.room.topic', { topic: String(isIn.size) });
    else if (one.do === 'rename' && isThere) await fixture.rename(room, user, `name ${++names}`);
    else if (one.do === 'redact')
      await fixture.redact(room, alice, (await fixture.say(room, alice, 'oh')).event.eventId);
    else if (one.do === 'say beside') await sayBeside(room);
    else if (one.do === 'hide')
      await fixture.set(room, alice, 'm.room.history_visibility', { history_visibility: 'joined' });
    else if (one.do === 'ignore')
      fixture.ignored.set(user, new Set(everybody.filter((other) => other !== user).slice(0, 1)));
    else if (one.do === 'tag')
      await fixture.accountData.set({ userId: bob, roomId: room, type: 'm.tag' }, { tags: {} });
    else if (one.do === 'come and go') {
      await fixture.member(room, carol, isIn.get(room) === true ? 'leave' : 'join');
      isIn.set(room, isIn.get(room) !== true);
    }
  };

  /** Alice says something on a branch on which nobody else has come yet, and it arrives now. */
  const sayBeside = async (room: RoomId): Promise<void> => {
    const snapshot = beginnings.get(room);
    await fixture.arrive(room, { sender: alice, body: 'beside', ...(snapshot !== undefined && { snapshot }) });
  };

  /** What is told to many at once is what this reader sees who is asked about alone. */
  const assertAsSeen = async ({ viewer, filter }: View, { text }: Told): Promise<void> => {
    const { rooms } = JSON.parse(`{${text ?? ''}}`) as Pick<SyncResponse, 'rooms'>;
    const { readers, engine } = fixture.responsesDeps();
    for (const [roomId, { timeline }] of Object.entries(rooms?.join ?? {})) {
      const ids = timeline.events.map(({ event_id: id }) => id as EventId);
      const known = await engine.events.byIds(ids);
      const events = ids.flatMap((id) => known.get(id) ?? []);
      const reader = await readers.of(viewer, { room: await engine.rooms.joined(roomId as RoomId) });
      expect(await reader.sight.see(events)).to.eql(events);
      const told = { reader, events, withRelations: timeline.limited };
      const texts = await readerTextsOf(engine.presenter, told, filter);
      expect(texts.map((one): unknown => JSON.parse(one))).to.eql(timeline.events);
    }
  };

  it('are what would have been looked up', async function () {
    this.timeout(60_000);
    let atOnce = 0;
    const run = async (steps: readonly Step[], wish: Wish): Promise<void> => {
      fixture.ignored.clear();
      const responses = new Responses(fixture.responsesDeps());
      const made = await rooms();
      const isIn = new Map(made.map((room) => [room, true]));
      const places = new Map<UserId, Positions>();
      for (const one of steps) {
        if (one.do !== 'sync') {
          await act(one, made['room' in one ? one.room : 0] ?? ('' as RoomId), isIn);
          continue;
        }
        const user = everybody[one.who] ?? alice;
        const since = places.get(user);
        const { view, upTo } = await viewOf(responses, { user, since, wish });
        const told = await responses.news(view, since, upTo);
        const again = responses.news(view, since, upTo);
        if (!(again instanceof Promise) && again.text !== undefined) atOnce++;
        const lookedUp = await responses.lookedUp(view, since, upTo);
        expect(told).to.eql(lookedUp);
        expect(await again).to.eql(lookedUp);
        // Where events have no ids, nobody can say which they are.
        if (wish.filter['event_fields'] === undefined) await assertAsSeen(view, told);
        if (!one.isLost) places.set(user, upTo);
      }
    };
    const wishes = fc.record({
      filter: fc.constantFrom(...filters),
      stateField: fc.constantFrom('state' as const, 'state_after' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), wishes, (steps, wish) =>
        run([...steps, ...ENDING], wish),
      ),
      { numRuns: 40 },
    );
    expect(atOnce).to.be.greaterThan(0);
  });
});
