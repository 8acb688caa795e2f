import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { defaultPushRules, type PushRule, type PushRuleset } from '../../core/push/default-rules.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import { SyncFixture } from '../../testing/sync.ts';
import { alice, bob, carol, EXAMPLES, PEOPLE, type Step, step } from '../../testing/unread-histories.ts';
import type { Receipt } from '../receipts/index.ts';
import { AllUserRules, UnreadEvents } from './index.ts';

const rule = (id: string, more: Partial<PushRule>): PushRule => ({
  rule_id: id,
  default: false,
  enabled: true,
  actions: ['notify', { set_tweak: 'highlight' }],
  ...more,
});

/** Of each kind of rule, what the random histories make a difference for. */
const RULES: Partial<PushRuleset>[] = [
  {},
  { content: [rule('cake', { pattern: 'cake' })] },
  { sender: [rule(bob, { actions: [] })] },
  { override: [rule('state', { conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.room.topic' }] })] },
  { override: [rule('mute', { actions: [], conditions: [] })] },
];

const said = (event: StoredEvent['event'], ...names: readonly string[]) => {
  const relates = event.content['m.relates_to'] as { rel_type?: string; event_id?: EventId } | undefined;
  return names.includes(relates?.rel_type ?? '') ? relates?.event_id : undefined;
};
const spokenOf = (event: StoredEvent['event']) => said(event, 'm.reference', 'm.replace');

/** With none, whoever has said something is counted anew each time; with four, most are counted on. */
const FEW = [0, 4];

/** A room in which things happen, and what a recount of all of it says. */
class World {
  readonly fixture: SyncFixture;
  readonly room: RoomId;
  readonly messages: EventId[] = [];
  readonly receipts: Receipt[] = [];
  readonly rules = new Map<UserId, number>();
  readonly ignored = new Map<UserId, UserId | undefined>();
  /** Roots of threads; nothing for who never followed any. */
  readonly followed = new Map<UserId, ReadonlySet<EventId>>();
  #version = 1;
  /** Of tallies that are further behind than this some begin anew. */
  readonly few: number;
  unread: UnreadEvents;

  constructor(fixture: SyncFixture, room: RoomId, few: number) {
    this.fixture = fixture;
    this.room = room;
    this.few = few;
    this.unread = this.#open();
  }

  rulesOf(user: UserId): PushRuleset {
    const own = RULES[this.rules.get(user) ?? 0] ?? {};
    const predefined = Object.entries(defaultPushRules(user) as unknown as Record<string, readonly PushRule[]>);
    const all = predefined.map(
      ([kind, rules]) => [kind, [...(own[kind as keyof PushRuleset] ?? []), ...rules]] as const,
    );
    if (this.followed.has(user)) {
      const on = defaultPushRules(user).postcontent.map((one) => ({ ...one, enabled: true }));
      return Object.fromEntries([...all, ['postcontent', on]]) as unknown as PushRuleset;
    }
    return Object.fromEntries(all) as unknown as PushRuleset;
  }

  async found(): Promise<Room> {
    return (await this.fixture.engine.rooms.byId(this.room)) as Room;
  }

  async take(one: Step): Promise<void> {
    const { fixture, room, messages } = this;
    const send = async (sender: UserId, content: JsonObject) =>
      void messages.push(
        (await fixture.engine.sender.send(room, { sender, type: 'm.room.message', content })).event.eventId,
      );
    const at = (i: number) => messages[i % messages.length];
    switch (one.what) {
      case 'say':
        return send(one.who, { msgtype: 'm.text', body: one.text });
      case 'reply':
      case 'refer': {
        const [target, type] = [at(one.index), one.what === 'reply' ? 'm.thread' : 'm.reference'];
        return target && send(one.who, { body: 'cake', 'm.relates_to': { rel_type: type, event_id: target } });
      }
      case 'edit': {
        const target = at(one.index);
        const mentions = one.mentions ? { 'm.mentions': { user_ids: PEOPLE } } : {};
        const relates = { rel_type: 'm.replace', event_id: target ?? null };
        return target && send(one.who, { body: 'tea', ...mentions, 'm.relates_to': relates });
      }
      case 'topic':
        await fixture.set(room, alice, 'm.room.topic', { topic: String(this.#version++) });
        this.#version++;
        return;
      case 'redact': {
        const target = at(one.index);

        if (target) await fixture.redact(room, alice, target);
        return;
      }
      case 'read':
        return this.#read(one);
      case 'rules':
        this.rules.set(one.who, one.index);
        this.#version++;
        return;
      case 'follow': {
        const root = at(one.index);
        if (root)
          this.followed.set(one.who, (this.followed.get(one.who) ?? new Set()).symmetricDifference(new Set([root])));
        this.#version++;
        return;
      }
      case 'ignore':
        this.ignored.set(one.who, one.whom ?? undefined);
        this.#version++;
        return;
      case 'again':
        for (const membership of ['leave', 'join']) await this.#member(one.who, membership);
        return;
      case 'restart':
        if (one.saves) await this.unread.save();
        await fixture.restart();
        this.unread = this.#open();
        return;
      case 'look':
        return this.check(one.who);
    }
  }

  async check(user: UserId): Promise<void> {
    const { total, main, threads } = (await this.unread.of(user, await this.found())).counts;
    expect({ total, main, threads: Object.fromEntries(threads) }, user).to.eql(await this.#naively(user));
  }

  async #member(user: UserId, membership: string): Promise<void> {
    await this.fixture.member(this.room, user, membership);
    const change = { userId: user, server: 'a.test', membership, before: membership === 'join' ? 'leave' : 'join' };
    this.unread.committed({ room: await this.found(), members: [change] } as never);
  }

  async #read({ who: userId, index: i, kind }: Extract<Step, { what: 'read' }>): Promise<void> {
    const eventId = this.messages[i % this.messages.length];
    const event = eventId && (await this.fixture.engine.events.byId(eventId));
    if (!event) return;
    const threadId = kind === 'thread' ? await this.#threadOf(event) : undefined;
    const type = kind === 'private' ? 'm.read.private' : 'm.read';
    const receipt = { roomNid: event.roomNid, userId, type, threadId, eventId, ord: event.ord, ts: 1 } as Receipt;
    await this.fixture.test.db.run(sql`
      INSERT INTO receipts AS r (room_nid, user_id, receipt_type, thread_id, event_id, ord, ts, position)
      VALUES (${event.roomNid}, ${userId}, ${type}, ${threadId ?? null}, ${eventId}, ${event.ord ?? null}, 1, 1)
      ON CONFLICT (room_nid, user_id, receipt_type, thread_id) DO UPDATE SET ord = greatest(r.ord, EXCLUDED.ord)`);
    this.receipts.push(receipt);
    this.unread.read([receipt]);
  }

  async #threadOf({ event }: StoredEvent): Promise<string> {
    const [root, target] = [said(event, 'm.thread'), spokenOf(event)];
    if (root) return root;
    const next = target && (await this.fixture.engine.events.byId(target));
    const found = next && (said(next.event, 'm.thread') ?? spokenOf(next.event));
    if (!found) return 'main';
    if (said(next.event, 'm.thread')) return found;
    const last = await this.fixture.engine.events.byId(found);
    return (last && said(last.event, 'm.thread')) ?? 'main';
  }

  /** By looking at the whole room, and by what the rules of this test mean. */
  async #naively(user: UserId) {
    const room = await this.found();
    const all = await this.fixture.engine.timeline.page(room, { from: 0, direction: 'forward', limit: 10_000 });
    let unread: { thread: string; ord: number; highlight: boolean }[] = [];
    const read = (thread: string | undefined, ord: number) =>
      (unread = unread.filter((one) => one.ord > ord || (thread !== undefined && one.thread !== thread)));
    for (const stored of all) {
      const { event, ord = 0, redactedBy } = stored;
      if (event.type === 'm.room.member' && event.stateKey === user) unread = [];
      const thread = await this.#threadOf(stored);
      if (event.sender === user) {
        if (event.type === 'm.room.message' && redactedBy === undefined) read(thread, ord);
        continue;
      }
      const verdict = this.#verdict(user, stored, thread);
      if (redactedBy === undefined && verdict !== undefined) unread.push({ thread, ord, highlight: verdict });
    }
    for (const { userId, threadId, ord } of this.receipts) if (userId === user) read(threadId, ord ?? 0);
    const count = (of: typeof unread) => ({
      notifications: of.length,
      highlights: of.filter(({ highlight }) => highlight).length,
    });
    const threads = Map.groupBy(unread, ({ thread }) => thread);
    const main = count(threads.get('main') ?? []);
    threads.delete('main');
    return { total: count(unread), main, threads: Object.fromEntries([...threads].map(([id, of]) => [id, count(of)])) };
  }

  /** Whether it is a highlight; nothing for what does not notify. */
  #verdict(user: UserId, { event }: StoredEvent, thread: string): boolean | undefined {
    const rules = this.rules.get(user) ?? 0;
    if (this.ignored.get(user) === event.sender || rules === 4) return undefined;
    if (event.type === 'm.room.topic') return rules === 3 ? true : undefined;
    if (event.type !== 'm.room.message') return undefined;
    if (event.content['m.mentions'] !== undefined) return true;
    if (said(event, 'm.replace')) return undefined;
    if (rules === 1 && event.content['body'] === 'cake') return true;
    const followed = thread === 'main' ? undefined : this.followed.get(user);
    if (followed) return followed.has(thread as EventId) ? false : undefined;
    return rules === 2 && event.sender === bob ? undefined : false;
  }

  #open(): UnreadEvents {
    const { engine, test } = this.fixture;
    const rules = new AllUserRules({
      pushRules: { all: async (user) => this.rulesOf(user) },
      ignoredUsers: {
        of: async (user) => {
          const whom = this.ignored.get(user);
          return new Set(whom && whom !== user ? [whom] : []);
        },
      },
      threads: {
        subscribedBy: async (user) => new Map([[(await this.found()).nid, this.followed.get(user) ?? new Set()]]),
      },
      versionOf: () => this.#version,
      changedAt: () => this.#version as Position,
    });
    return new UnreadEvents({
      db: test.db,
      idle: test.idle,
      engine,
      rules,
      background: new Background(silentLog),
      cheap: 0,
      few: this.few,
    });
  }
}

describe('counts of what is unread', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  it('are those of a recount of the whole room, whatever has happened', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 50 }),
        fc.constantFrom(...FEW),
        async (steps, few) => {
          const room = await fixture.room(alice, [['m.room.power_levels', { users: { [alice]: 100 } }]]);
          for (const user of [bob, carol]) await fixture.member(room, user, 'join');
          const world = new World(fixture, room, few);
          for (const one of steps) await world.take(one);
          for (const user of PEOPLE) await world.check(user);
        },
      ),
      {
        numRuns: Number(process.env['HOLM_TEST_UNREAD'] ?? 12),
        examples: FEW.flatMap((few) => EXAMPLES.map(([steps]) => [steps, few] as const)),
      },
    );
  });
});
