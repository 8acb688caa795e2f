import type { EventId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import fc from 'fast-check';
import { authorise } from '../core/auth/authorise.ts';
import type { AuthState } from '../core/auth/auth-state.ts';
import { stateToAuthorise } from '../core/auth/selection.ts';
import type { Event } from '../core/events/event.ts';
import type { RoomVersion } from '../core/rooms/room-version.ts';
import type { StateKeyString } from '../core/state/state-key.ts';
import { stateKey } from '../core/state/state-key.ts';
import { testEvent } from './events.ts';

type RoomState = ReadonlyMap<StateKeyString, EventId>;

const users = ['@alice:a.test', '@bob:b.test', '@carol:c.test', '@dave:d.test', '@erin:e.test'] as const;
const [creator] = users;
const levels = [0, 25, 50, 75, 100];

const kinds = ['join', 'leave', 'kick', 'ban', 'invite', 'topic', 'name', 'power', 'demote', 'open', 'close'] as const;

/** Something that somebody tries; numbers are taken modulo what there is to choose from. */
export interface Attempt {
  readonly kind: (typeof kinds)[number];
  readonly actor: number;
  readonly target: number;
  readonly level: number;
  readonly sentAt: number;
  /** How far back in the history it hangs on; more than one makes a merge. */
  readonly after: readonly number[];
}

export const attempts = (maxLength: number): fc.Arbitrary<Attempt[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      actor: fc.nat(users.length - 1),
      target: fc.nat(users.length - 1),
      level: fc.nat(levels.length - 1),
      // Few different times, so that event ids have to decide too.
      sentAt: fc.integer({ min: 10, max: 16 }),
      after: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength },
  );

export interface RandomRoomOptions {
  readonly version: RoomVersion;
  /** The state before an event that follows several others. */
  readonly resolve: (states: readonly RoomState[], events: ReadonlyMap<EventId, Event>) => RoomState;
}

interface Fields {
  readonly type: string;
  readonly stateKey: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** A room whose history branches and merges as it pleases. Holds only events that their own state allows. */
export class RandomRoom {
  readonly events = new Map<EventId, Event>();
  readonly #statesAfter: { readonly event: Event; readonly state: RoomState }[] = [];
  readonly #options: RandomRoomOptions;

  constructor(options: RandomRoomOptions) {
    this.#options = options;
    const { auth, id } = options.version;
    const member = (user: string): Fields => memberEvent(user, user, 'join');
    const room: Fields[] = [
      {
        type: 'm.room.create',
        stateKey: '',
        sender: creator,
        content: { room_version: id, ...(auth.creator === 'content' ? { creator } : {}) },
      },
      member(creator),
      this.#power({ ...(auth.privilegedCreators ? {} : { [creator]: 100 }), [users[1]]: 100, [users[2]]: 50 }, creator),
      { type: 'm.room.join_rules', stateKey: '', sender: creator, content: { join_rule: 'public' } },
      ...users.slice(1, 4).map(member),
    ];
    for (const [index, fields] of room.entries()) {
      if (!this.#add(fields, index, [0])) throw new Error(`the room cannot begin with ${fields.type}`);
    }
  }

  /** Whether the attempt was allowed where it was made. */
  attempt({ kind, actor, target, level, sentAt, after }: Attempt): boolean {
    const back = after.map((distance) => distance % this.#statesAfter.length);
    const fields = this.#fields(kind, at(users, actor), at(users, target), at(levels, level));
    return this.#add(fields, sentAt, back);
  }

  /** The states after each event, oldest first. */
  get states(): RoomState[] {
    return this.#statesAfter.map(({ state }) => state);
  }

  #fields(kind: Attempt['kind'], sender: string, target: string, level: number): Fields {
    const memberships: Readonly<Partial<Record<Attempt['kind'], Fields>>> = {
      join: memberEvent(sender, sender, 'join'),
      leave: memberEvent(sender, sender, 'leave'),
      kick: memberEvent(sender, target, 'leave'),
      ban: memberEvent(sender, target, 'ban'),
      invite: memberEvent(sender, target, 'invite'),
    };
    if (kind === 'power') return this.#power({ ...this.#levelsOfLast(), [target]: level }, sender);
    if (kind === 'demote') return this.#power({ ...this.#levelsOfLast(), [target]: 0 }, sender);
    return memberships[kind] ?? otherEvent(kind, `${sender} ${level}`, sender);
  }

  #power(levelsByUser: JsonObject, sender: string): Fields {
    const { privilegedCreators } = this.#options.version.auth;
    const listed = Object.entries(levelsByUser).filter(([user]) => !privilegedCreators || user !== creator);
    return { type: 'm.room.power_levels', stateKey: '', sender, content: { users: Object.fromEntries(listed) } };
  }

  #levelsOfLast(): JsonObject {
    const state = this.#statesAfter.at(-1)?.state;
    const id = state?.get(stateKey('m.room.power_levels', ''));
    const event = id && this.events.get(id);
    return (event?.content['users'] ?? {}) as JsonObject;
  }

  #add(fields: Fields, sentAt: number, back: readonly number[]): boolean {
    const { version, resolve } = this.#options;
    const previous = [...new Set(back)]
      .map((distance) => this.#statesAfter.at(-1 - distance))
      .filter((one) => one !== undefined);
    const states = previous.map(({ state }) => state);
    const before: RoomState = states.length > 1 ? resolve(states, this.events) : (states[0] ?? new Map<never, never>());
    const current: AuthState = (type, key) => {
      const id = before.get(stateKey(type, key));
      return id === undefined ? undefined : this.events.get(id);
    };
    const event = testEvent(version, {
      ...fields,
      ...this.#ids(),
      sentAt,
      depth: Math.max(0, ...previous.map((one) => one.event.depth)) + 1,
      prevEvents: previous.map((one) => one.event.eventId),
      authEvents: stateToAuthorise(version, fields).flatMap(([type, key]) => current(type, key)?.eventId ?? []),
    });
    if (!authorise(event, current).allowed) return false;
    this.events.set(event.eventId, event);
    this.#statesAfter.push({
      event,
      state: new Map([...before, [stateKey(fields.type, fields.stateKey), event.eventId]]),
    });
    return true;
  }

  /** Event ids whose order says nothing about when the events were made. */
  #ids(): { eventId: string; roomId: string } {
    const { roomIds, eventIds } = this.#options.version;
    const count = this.events.size;
    const scrambled = ((count * 7919 + 17) % 10_007).toString().padStart(5, '0');
    const name = count === 0 ? 'create' : scrambled;
    return {
      eventId: `$${name}${eventIds === 'supplied' ? ':a.test' : ''}`,
      roomId: roomIds === 'create hash' ? '!create' : '!room:a.test',
    };
  }
}

const memberEvent = (sender: string, user: string, membership: string): Fields => ({
  type: 'm.room.member',
  stateKey: user,
  sender,
  content: { membership },
});

const otherEvent = (kind: Attempt['kind'], text: string, sender: string): Fields => {
  if (kind === 'topic' || kind === 'name')
    return { type: `m.room.${kind}`, stateKey: '', sender, content: { [kind]: text } };
  const content = { join_rule: kind === 'open' ? 'public' : 'invite' };
  return { type: 'm.room.join_rules', stateKey: '', sender, content };
};

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
};
