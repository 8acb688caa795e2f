import type { RoomId, UserId } from '@holm/spec/ids';
import fc from 'fast-check';
import { expect } from 'chai';
import { type SyncedEvent, SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';
import type { StateField } from './view.sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const others = [userOf('carol'), userOf('dave')];

type Step =
  | { readonly do: 'say'; readonly body: string }
  | { readonly do: 'topic'; readonly topic: string }
  | { readonly do: 'come and go'; readonly who: number }
  | { readonly do: 'bob comes and goes' }
  | { readonly do: 'bob blinks' }
  | { readonly do: 'restart' }
  | { readonly do: 'sync'; readonly limit: number; readonly isLost: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('say' as const), body: fc.string({ maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('topic' as const), topic: fc.string({ maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come and go' as const), who: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bob comes and goes' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bob blinks' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      limit: fc.constantFrom(1, 2, 4, 50),
      isLost: fc.boolean(),
    }),
  },
);

/** A client that keeps a room as the specification says. */
class Client {
  since: string | undefined;
  readonly state = new Map<string, string>();
  timeline: string[] = [];
  isJoined = false;
  readonly #field: StateField;

  constructor(field: StateField) {
    this.#field = field;
  }

  hear(answer: SyncResponse, room: RoomId): void {
    this.since = answer.next_batch;
    const joined = answer.rooms?.join?.[room];
    if (answer.rooms?.leave?.[room]) this.#reset(false);
    if (!joined) return;
    if (!this.isJoined) this.#reset(true);
    if (joined.timeline.limited) this.timeline = [];
    this.timeline.push(...joined.timeline.events.map((event) => event.event_id));
    this.#put(joined[this.#field].events);
    if (this.#field === 'state') this.#put(joined.timeline.events);
  }

  #put(events: readonly SyncedEvent[]): void {
    for (const { type, state_key: key, event_id: id } of events) {
      if (key !== undefined) this.state.set(`${type} ${key}`, id);
    }
  }

  #reset(isJoined: boolean): void {
    this.isJoined = isJoined;
    this.state.clear();
    this.timeline = [];
  }
}

describe('incremental syncs', () => {
  let fixture: SyncFixture;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  after(() => fixture[Symbol.asyncDispose]());

  const toggle = async (room: RoomId, user: UserId, isIn: Set<UserId>): Promise<void> => {
    await fixture.member(room, user, isIn.has(user) ? 'leave' : 'join');
    if (!isIn.delete(user)) isIn.add(user);
  };

  const run = async (steps: readonly Step[], field: StateField): Promise<void> => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const isIn = new Set<UserId>([bob]);
    const client = new Client(field);
    const sync = async (limit: number, isLost: boolean) => {
      const filter = { room: { timeline: { limit }, rooms: [room] } };
      const answer = await fixture.ask(bob, { since: client.since, filter, stateField: field });
      if (!isLost) client.hear(answer, room);
    };
    for (const one of steps) {
      if (one.do === 'say') await fixture.say(room, alice, one.body);
      else if (one.do === 'topic') await fixture.set(room, alice, 'm.room.topic', { topic: one.topic });
      else if (one.do === 'come and go') await toggle(room, others[one.who] ?? alice, isIn);
      else if (one.do === 'bob comes and goes') await toggle(room, bob, isIn);
      else if (one.do === 'bob blinks') {
        await toggle(room, bob, isIn);
        await toggle(room, bob, isIn);
      } else if (one.do === 'restart') await fixture.restart();
      else await sync(one.limit, one.isLost);
    }
    await sync(50, false);

    const fresh = new Client(field);
    const filter = { room: { timeline: { limit: 100 }, rooms: [room] } };
    fresh.hear(await fixture.ask(bob, { filter, stateField: field }), room);
    expect(client.isJoined).to.equal(fresh.isJoined);
    expect([...client.state].sort()).to.eql([...fresh.state].sort());
    expect(client.timeline).to.eql(client.timeline.length === 0 ? [] : fresh.timeline.slice(-client.timeline.length));
  };

  for (const field of ['state', 'state_after'] as const) {
    it(`add up to what a fresh sync tells (${field})`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => run(steps, field)),
        { numRuns: 60 },
      );
    });
  }
});
