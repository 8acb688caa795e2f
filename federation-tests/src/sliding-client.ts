import { expect } from 'chai';
import type { Dice } from './dice.ts';
import { call } from './http.ts';
import type { TestNetwork } from './network.ts';
import { pathOf, type Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const THREADS = 'io.element.msc4308.thread_subscriptions';

/** A list of the rooms up to one, and one room besides. */
export const asked = (last: number, limit: number, subscribed: string | undefined, since?: string) => ({
  lists: {
    all: {
      ranges: [[0, last]],
      timeline_limit: limit,
      required_state: [
        ['m.room.topic', ''],
        ['m.room.member', '*'],
      ],
    },
  },
  ...(subscribed !== undefined && {
    room_subscriptions: { [subscribed]: { timeline_limit: 6, required_state: [['m.room.join_rules', '']] } },
  }),
  extensions: {
    account_data: { enabled: true },
    receipts: { enabled: true },
    typing: { enabled: true },
    [THREADS]: { enabled: true },
    ...(since !== undefined && { to_device: { enabled: true, since } }),
  },
});

/** A room as a client keeps it that does what the proposal says. */
interface Kept {
  name?: string | null;
  joined?: number;
  unread?: string;
  bump?: number;
  readonly state: Map<string, string>;
  timeline: string[];
}

/** What one has by answers of sliding sync put together. */
export class SlidingClient {
  readonly rooms = new Map<string, Kept>();
  readonly tags = new Map<string, string>();
  readonly receipts = new Map<string, string>();
  /** By room, if anybody is. */
  readonly typing = new Map<string, string>();
  /** By room and root. */
  readonly threads = new Map<string, string>();
  /** As they came, and up to where. */
  readonly messages: string[] = [];
  since = '0';
  /** Account data of no room. */
  readonly settings = new Map<string, string>();
  order: readonly string[] = [];

  hear({ lists, rooms, extensions }: any): void {
    this.order = lists?.all?.ops?.[0]?.room_ids ?? this.order;
    for (const { type, content } of extensions.account_data.global ?? [])
      this.settings.set(type, JSON.stringify(content));
    for (const kind of ['subscribed', 'unsubscribed'] as const) {
      for (const [id, roots] of Object.entries<any>(extensions[THREADS]?.[kind] ?? {})) {
        for (const [root, state] of Object.entries(roots))
          this.threads.set(`${id} ${root}`, kind + JSON.stringify(state));
      }
    }
    for (const { content } of extensions.to_device?.events ?? []) this.messages.push(content.body);
    this.since = extensions.to_device?.next_batch ?? this.since;
    for (const [id, room] of Object.entries<any>(rooms)) this.#room(id, room);
    for (const [id, events] of Object.entries<any>(extensions.account_data.rooms ?? {})) {
      for (const { type, content } of events) this.tags.set(`${id} ${type}`, JSON.stringify(content));
    }
    for (const [id, { content }] of Object.entries<any>(extensions.typing?.rooms ?? {})) {
      keepTyping(this.typing, id, content);
    }
    for (const [id, { content }] of Object.entries<any>(extensions.receipts.rooms)) {
      for (const [eventId, byType] of Object.entries<any>(content)) {
        for (const user of Object.keys(byType['m.read'] ?? {})) this.receipts.set(`${id} ${user}`, eventId);
      }
    }
  }

  /** Throws if it does not have what a client has that has just begun. */
  assertLike(fresh: SlidingClient, seed: string): void {
    for (const [id, room] of fresh.rooms) {
      const { timeline, state, name = null, joined, unread, bump } = this.rooms.get(id)!;
      const { timeline: whole, state: wholeState } = room;
      const known = { name, joined, unread, bump };
      expect(known, seed).to.eql({
        name: null,
        joined: room.joined,
        unread: room.unread,
        bump: room.bump,
        ...named(room),
      });
      expect([...state].filter(([key]) => wholeState.has(key)).sort(), seed).to.eql([...wholeState].sort());
      expect(timeline, seed).to.eql(whole.slice(-timeline.length));
    }
    expect([...this.rooms.keys()].sort(), seed).to.eql([...fresh.rooms.keys()].sort());
    // Rooms that one has left stay in the lists of connections that told of them.
    expect(
      this.order.filter((id) => this.rooms.has(id)),
      seed,
    ).to.eql(fresh.order);
    expect([...this.typing].sort(), seed).to.eql([...fresh.typing].sort());
    expect([...this.threads].sort(), seed).to.eql([...fresh.threads].sort());
    expect([...this.settings].sort(), seed).to.eql([...fresh.settings].sort());
    expect(Object.fromEntries(this.tags), seed).to.include(Object.fromEntries(fresh.tags));
    expect(Object.fromEntries(this.receipts), seed).to.include(Object.fromEntries(fresh.receipts));
  }

  #room(id: string, room: any): void {
    // Nobody but oneself leaves here.
    if (room.timeline?.at(-1)?.content.membership === 'leave') {
      this.rooms.delete(id);
      this.typing.delete(id);
      return;
    }
    const known = room.initial ? undefined : this.rooms.get(id);
    const kept: Kept = known ?? { state: new Map(), timeline: [] };
    this.rooms.set(id, kept);
    if (room.name !== undefined) kept.name = room.name;
    if (room.joined_count !== undefined) kept.joined = room.joined_count;
    if (room.notification_count !== undefined) kept.unread = `${room.notification_count}/${room.highlight_count}`;
    if (room.bump_stamp !== undefined) kept.bump = room.bump_stamp;
    for (const { type, state_key: key, event_id: eventId } of room.required_state ?? []) {
      // What is gone is told by its name alone.
      if (eventId === undefined) kept.state.delete(`${type} ${key}`);
      else kept.state.set(`${type} ${key}`, eventId);
    }
    const events = (room.timeline ?? []).map((event: any) => event.event_id);
    if (room.limited || room.unstable_expanded_timeline) kept.timeline = [];
    kept.timeline.push(...events);
  }
}

const named = ({ name }: { name?: string | null }) => (name === undefined ? {} : { name });

/** That nobody is typing is what one knows of a room that one was told nothing of. */
export const keepTyping = (known: Map<string, string>, key: string, { user_ids: users }: any): void => {
  if (users.length === 0) known.delete(key);
  else known.set(key, JSON.stringify(users));
};

/** Two people, of whom one comes and goes. */
export interface Couple {
  readonly network: TestNetwork;
  readonly alice: Person;
  readonly bob: Person;
  readonly isIn: Set<string>;
}

/** One of many things happens in a room. */
export const happen = async (dice: Dice, room: string, couple: Couple): Promise<void> => {
  const { alice, bob, isIn } = couple;
  const kind = dice.below(13);
  if (kind < 3) await alice.say(room, `${dice.below(1000)}`);
  else if (kind === 3) await alice.setState(room, ['m.room.topic', ''], { topic: `${dice.below(1000)}` });
  else if (kind === 4) await alice.setState(room, ['m.room.name', ''], { name: dice.of(['One', 'Two', '']) });
  else if (kind > 9) await type(dice, room, couple);
  else if (kind === 5) {
    await (isIn.delete(room) ? bob.leave(room) : bob.join(room).then(() => isIn.add(room)));
  } else if (kind === 6) {
    await bob.ask('PUT', `/user/${bob.userId}${pathOf(room)}/account_data/org.example`, { n: dice.below(1000) });
  } else if (kind === 9) {
    const root = await alice.say(room, 'root');
    const path = `/_matrix/client/unstable/io.element.msc4306${pathOf(room)}/thread/${encodeURIComponent(root)}/subscription`;
    // Outside of the room, there is no thread to be seen.
    for (const method of dice.of([['PUT'], ['PUT', 'DELETE']])) {
      await call(method, bob.home.url + path, { token: bob.token, body: method === 'PUT' ? {} : undefined });
    }
  } else if (kind === 8) {
    if (!isIn.has(room)) return;
    // Nothing else happens there meanwhile: the counts alone are news.
    const { chunk } = await bob.ask('GET', `${pathOf(room)}/messages?dir=b&limit=1`);
    await bob.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(chunk[0].event_id)}`, {});
  } else {
    const eventId = await alice.say(room, 'read');
    await alice.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
  }
};

/** Somebody begins to type, goes on or stops, or time goes by, so that those are over who have not said it again. */
const type = async (dice: Dice, room: string, { network, alice, bob, isIn }: Couple): Promise<void> => {
  const kind = dice.below(4);
  const typist = isIn.has(room) ? dice.of([alice, alice, bob]) : alice;
  if (kind === 3) network.clock.advance(dice.of([500, 1_500]));
  else {
    const body = { typing: kind > 0, timeout: dice.of([1_000, 30_000]) };
    await typist.ask('PUT', `${pathOf(room)}/typing/${typist.userId}`, body);
  }
  await network.settle();
};
