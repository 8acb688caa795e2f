import { expect } from 'chai';
import type { Dice } from './dice.ts';
import { pathOf, type Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** A list of the rooms up to one, and one room besides. */
export const asked = (last: number, limit: number, subscribed: string | undefined) => ({
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
  extensions: { account_data: { enabled: true }, receipts: { enabled: true } },
});

/** A room as a client keeps it that does what the proposal says. */
interface Kept {
  name?: string | null;
  joined?: number;
  readonly state: Map<string, string>;
  timeline: string[];
}

/** What one has by answers of sliding sync put together. */
export class SlidingClient {
  readonly rooms = new Map<string, Kept>();
  readonly tags = new Map<string, string>();
  readonly receipts = new Map<string, string>();

  hear({ rooms, extensions }: any): void {
    for (const [id, room] of Object.entries<any>(rooms)) this.#room(id, room);
    for (const [id, events] of Object.entries<any>(extensions.account_data.rooms)) {
      for (const { type, content } of events) this.tags.set(`${id} ${type}`, JSON.stringify(content));
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
      const { timeline, state, name = null, joined } = this.rooms.get(id)!;
      const { timeline: whole, state: wholeState } = room;
      expect({ name, joined }, seed).to.eql({ name: room.name ?? null, joined: room.joined });
      expect([...state].filter(([key]) => wholeState.has(key)).sort(), seed).to.eql([...wholeState].sort());
      expect(timeline, seed).to.eql(whole.slice(-timeline.length));
    }
    expect([...this.rooms.keys()].sort(), seed).to.eql([...fresh.rooms.keys()].sort());
    expect(Object.fromEntries(this.tags), seed).to.include(Object.fromEntries(fresh.tags));
    expect(Object.fromEntries(this.receipts), seed).to.include(Object.fromEntries(fresh.receipts));
  }

  #room(id: string, room: any): void {
    // Nobody but oneself leaves here.
    if (room.timeline?.at(-1)?.content.membership === 'leave') return void this.rooms.delete(id);
    const known = room.initial ? undefined : this.rooms.get(id);
    const kept: Kept = known ?? { state: new Map(), timeline: [] };
    this.rooms.set(id, kept);
    if (room.name !== undefined) kept.name = room.name;
    if (room.joined_count !== undefined) kept.joined = room.joined_count;
    for (const { type, state_key: key, event_id: eventId } of room.required_state ?? []) {
      kept.state.set(`${type} ${key}`, eventId);
    }
    const events = (room.timeline ?? []).map((event: any) => event.event_id);
    if (room.limited || room.unstable_expanded_timeline) kept.timeline = [];
    kept.timeline.push(...events);
  }
}

/** Two people, of whom one comes and goes. */
export interface Couple {
  readonly alice: Person;
  readonly bob: Person;
  readonly isIn: Set<string>;
}

/** One of many things happens in a room. */
export const happen = async (dice: Dice, room: string, { alice, bob, isIn }: Couple): Promise<void> => {
  const kind = dice.below(8);
  if (kind < 3) await alice.say(room, `${dice.below(1000)}`);
  else if (kind === 3) await alice.setState(room, ['m.room.topic', ''], { topic: `${dice.below(1000)}` });
  else if (kind === 4) await alice.setState(room, ['m.room.name', ''], { name: dice.of(['One', 'Two', '']) });
  else if (kind === 5) {
    await (isIn.delete(room) ? bob.leave(room) : bob.join(room).then(() => isIn.add(room)));
  } else if (kind === 6) {
    await bob.ask('PUT', `/user/${bob.userId}${pathOf(room)}/account_data/org.example`, { n: dice.below(1000) });
  } else {
    const eventId = await alice.say(room, 'read');
    await alice.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
  }
};
