import type { Json, JsonObject } from '@holm/spec/json';
import { type EventFields, type TestRoom, testRoom } from '../../../testing/events.ts';
import type { Event } from '../../events/event.ts';
import { verifyEventSignatures } from '../../events/signatures.ts';
import type { Verdict } from '../../verdict.ts';
import { checkAuthEvents } from '../auth-events.ts';
import { authorise } from '../authorise.ts';
import { keyFor, signedEvent } from './signed.ts';

export const alice = '@alice:a.test';
export const bob = '@bob:b.test';
export const carol = '@carol:c.test';
export const dave = '@dave:d.test';

/** A room of alice's, in which a case is set up; each method but the last ones adds to its state. */
export class CaseRoom {
  readonly version: number;
  readonly #room: TestRoom;

  constructor(version: string, content: JsonObject = {}) {
    this.version = Number(version);
    this.#room = testRoom(version, { content });
  }

  get create(): Event {
    return this.#room.create;
  }

  put(fields: EventFields): Event {
    return this.#room.put(fields);
  }

  member(user: string, membership: string, sender = alice): Event {
    return this.#room.member(user, membership, sender);
  }

  /** Power levels in which alice has 100, where creators are listed. */
  levels(content: JsonObject): Event {
    const users = content['users'] as JsonObject | undefined;
    const listed = this.version < 12 ? { [alice]: 100, ...users } : { ...users };
    return this.put({
      type: 'm.room.power_levels',
      sender: alice,
      stateKey: '',
      content: { ...content, users: listed },
    });
  }

  joinRule(rule: Json): Event {
    return this.put({ type: 'm.room.join_rules', sender: alice, stateKey: '', content: { join_rule: rule } });
  }

  /** Whether the state of the room allows an event. */
  judge(fields: EventFields): Verdict {
    return authorise(this.#room.event(fields), this.#room.state);
  }

  judgeMember(sender: string, user: string, content: JsonObject): Verdict {
    return this.judge({ type: 'm.room.member', sender, stateKey: user, content });
  }

  /** Whether these may be the auth events of a message of alice's. */
  judgeCiting(entries: readonly Event[], rejected?: Event): Verdict {
    const authEvents = entries.map(({ eventId }) => eventId);
    const implied = this.version < 12 ? undefined : this.create.eventId;
    const listed = authEvents.filter((id) => id !== implied);
    return this.#citing(entries, { authEvents, pdu: { auth_events: listed } }, rejected);
  }

  /** The same, with all of them listed, the create event too. */
  judgeListing(entries: readonly Event[]): Verdict {
    const authEvents = entries.map(({ eventId }) => eventId);
    return this.#citing(entries, { authEvents, pdu: { auth_events: authEvents } });
  }

  #citing(entries: readonly Event[], fields: Partial<EventFields>, rejected?: Event): Verdict {
    const event = this.#room.event({ type: 'm.room.message', sender: alice, ...fields });
    return checkAuthEvents(
      event,
      entries.map((entry) => ({ event: entry, rejected: entry === rejected })),
    );
  }

  /** An event that is not part of the state. */
  event(fields: EventFields): Event {
    return this.#room.event(fields);
  }

  /** Whether the signatures on a member event of bob's suffice. */
  judgeSignatures(content: JsonObject, servers: readonly string[]): Verdict {
    return verifyEventSignatures(signedEvent(this.#room.version, content, servers), keyFor);
  }
}
