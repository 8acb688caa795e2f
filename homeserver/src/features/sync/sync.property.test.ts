import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import fc from 'fast-check';
import { expect } from 'chai';
import { type SyncedEvent, SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { StateField } from './view.sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const others = [userOf('carol'), userOf('dave')];

const RUNS = Number(process.env['HOLM_TEST_SYNCS'] ?? 40);

type Step =
  | { readonly do: 'say'; readonly body: string }
  | { readonly do: 'topic'; readonly topic: string }
  | { readonly do: 'name'; readonly name: string }
  | { readonly do: 'rename'; readonly who: number; readonly name: string }
  | { readonly do: 'redact'; readonly back: number; readonly isState: boolean }
  | { readonly do: 'come and go'; readonly who: number }
  | { readonly do: 'bob comes and goes' }
  | { readonly do: 'bob blinks' }
  | { readonly do: 'restart' }
  | { readonly do: 'sync'; readonly limit: number; readonly isLost: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('say' as const), body: fc.string({ maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('topic' as const), topic: fc.string({ maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('name' as const), name: fc.constantFrom('', 'A', 'B') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rename' as const), who: fc.nat(2), name: fc.string({ maxLength: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('redact' as const), back: fc.nat(3), isState: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come and go' as const), who: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bob comes and goes' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bob blinks' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      limit: fc.constantFrom(1, 2, 4, 50),
      isLost: fc.boolean(),
    }),
  },
);

const REDACTED_IN_A_GAP: readonly Step[] = [
  { do: 'topic', topic: 'A word' },
  { do: 'sync', limit: 1, isLost: false },
  { do: 'redact', back: 0, isState: true },
  { do: 'say', body: 'one' },
  { do: 'say', body: 'two' },
  { do: 'sync', limit: 1, isLost: false },
];

/** What a client asks for. */
interface Wish {
  readonly field: StateField;
  readonly isLazy: boolean;
}

/** A client that keeps a room as the specification says. */
class Client {
  since: string | undefined;
  readonly state = new Map<string, EventId>();
  timeline: SyncedEvent[] = [];
  readonly redacted = new Set<string>();
  summary: JsonObject = {};
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
    this.timeline.push(...joined.timeline.events);
    this.summary = { ...this.summary, ...joined.summary };
    this.#put(joined[this.#field].events);
    if (this.#field === 'state') this.#put(joined.timeline.events);
    for (const { type, content } of joined.timeline.events) {
      if (type === 'm.room.redaction') this.redacted.add(content['redacts'] as string);
    }
  }

  /** Each event of the state, and whether it is redacted. */
  known(): Map<string, string> {
    return new Map([...this.state].map(([key, id]) => [key, `${id} ${this.redacted.has(id)}`]));
  }

  #put(events: readonly SyncedEvent[]): void {
    for (const { type, state_key: key, event_id: id, unsigned } of events) {
      if (unsigned?.['redacted_because']) this.redacted.add(id);
      if (key !== undefined) this.state.set(`${type} ${key}`, id as EventId);
    }
  }

  #reset(isJoined: boolean): void {
    this.isJoined = isJoined;
    this.state.clear();
    this.timeline = [];
    this.summary = {};
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

  const run = async (steps: readonly Step[], { field, isLazy }: Wish): Promise<void> => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const isIn = new Set<UserId>([bob]);
    const client = new Client(field);
    const said: StoredEvent[] = [];
    const filterOf = (limit: number, lazy: boolean) => ({
      room: { timeline: { limit }, rooms: [room], state: { lazy_load_members: lazy } },
    });
    const sync = async (limit: number, isLost: boolean) => {
      const filter = filterOf(limit, isLazy);
      const answer = await fixture.ask(bob, { since: client.since, filter, stateField: field });
      if (!isLost) client.hear(answer, room);
    };
    const redact = async (back: number, isState: boolean) => {
      const of = said.filter(({ event }) => isState === (event.stateKey !== undefined));
      const target = of.at(-1 - back);
      if (target) await fixture.redact(room, alice, target.event.eventId);
    };
    const doing: { [Name in Step['do']]: (step: Extract<Step, { do: Name }>) => Promise<unknown> } = {
      say: async ({ body }) => said.push(await fixture.say(room, alice, body)),
      topic: async ({ topic }) => said.push(await fixture.set(room, alice, 'm.room.topic', { topic })),
      name: async ({ name }) => said.push(await fixture.set(room, alice, 'm.room.name', { name })),
      rename: async ({ who, name }) => {
        const user = [alice, ...others][who] ?? alice;
        if (user === alice || isIn.has(user)) said.push(await fixture.rename(room, user, name));
      },
      redact: ({ back, isState }) => redact(back, isState),
      'come and go': ({ who }) => toggle(room, others[who] ?? alice, isIn),
      'bob comes and goes': () => toggle(room, bob, isIn),
      'bob blinks': async () => {
        await toggle(room, bob, isIn);
        await toggle(room, bob, isIn);
      },
      restart: () => fixture.restart(),
      sync: ({ limit, isLost }) => sync(limit, isLost),
    };
    for (const one of steps) await (doing[one.do] as (step: Step) => Promise<unknown>)(one);
    await sync(50, false);

    const fresh = new Client(field);
    fresh.hear(await fixture.ask(bob, { filter: filterOf(100, false), stateField: field, device: 'F' }), room);
    expect(client.isJoined).to.equal(fresh.isJoined);
    const [kept, all] = [client.known(), fresh.known()];
    const isKnown = (key: string) => !isLazy || !key.startsWith('m.room.member ') || kept.has(key);
    expect([...kept].sort()).to.eql([...all].filter(([key]) => isKnown(key)).sort());
    for (const { sender } of client.timeline) expect(kept.has(`m.room.member ${sender}`), sender).to.equal(true);
    const ids = (events: readonly SyncedEvent[]) => events.map(({ event_id: id }) => id);
    expect(ids(client.timeline)).to.eql(
      client.timeline.length === 0 ? [] : ids(fresh.timeline.slice(-client.timeline.length)),
    );
    expect(client.summary).to.include(counts(fresh.summary));
    if (fresh.summary['m.heroes']) expect(client.summary['m.heroes']).to.eql(fresh.summary['m.heroes']);
  };

  for (const field of ['state', 'state_after'] as const) {
    for (const isLazy of [false, true]) {
      it(`add up to what a fresh sync tells (${field}${isLazy ? ', lazy members' : ''})`, async function () {
        this.timeout(RUNS * 1_500);
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => run(steps, { field, isLazy })),
          { numRuns: RUNS, examples: [[REDACTED_IN_A_GAP]] },
        );
      });
    }
  }
});

const counts = (summary: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(summary).filter(([name]) => name !== 'm.heroes'));
