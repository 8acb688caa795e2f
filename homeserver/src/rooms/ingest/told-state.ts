import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import type { RemoteState } from './ports.ts';

/** A state of more events than this is not taken in at once, but like one without members; the rest follows at leisure. */
const LARGE = 1_000;
/** Of what is taken in at once. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

type Member = JsonObject & { readonly state_key: UserId };

const isMember = (pdu: unknown): pdu is Member =>
  isObject(pdu) && pdu['type'] === 'm.room.member' && UserId.is(pdu['state_key']);

/** Events that are held, and how long they are as text. */
class Kept {
  readonly events: unknown[] = [];
  characters = 0;

  add(pdu: unknown, characters: number): void {
    this.events.push(pdu);
    this.characters += characters;
  }
}

/** The state before a join as the server tells it that lets us in. Of a large one all but the members is kept, and where they are. */
export class ToldState {
  readonly #authChain = new Kept();
  readonly #others = new Kept();
  /** Absent when there are too many. */
  #members: Kept | undefined = new Kept();
  readonly #servers = new Set<ServerName>();

  /** `characters`: how long it is as text. Throws M_UNKNOWN (502) when nobody could hold so much. */
  take(of: keyof RemoteState, pdu: unknown, characters: number): void {
    if (of === 'authChain') this.#authChain.add(pdu, characters);
    else if (isMember(pdu)) this.#takeMember(pdu, characters);
    else this.#others.add(pdu, characters);
    const members = this.#members?.events.length ?? 0;
    if (members > 0 && members + this.#others.events.length > LARGE) this.#members = undefined;
    const kept = this.#authChain.characters + this.#others.characters + (this.#members?.characters ?? 0);
    if (kept > MOST_CHARACTERS) throw new MatrixError('M_UNKNOWN', 'the room is too large', { status: 502 });
  }

  #takeMember(pdu: Member, characters: number): void {
    const { content, state_key: user } = pdu;
    if (isObject(content) && content['membership'] === 'join') this.#servers.add(serverOf(user));
    this.#members?.add(pdu, characters);
  }

  /** Whether members are left out here. What others rest on is among the auth events, members or not. */
  get isLarge(): boolean {
    return this.#members === undefined;
  }

  get state(): readonly unknown[] {
    return [...this.#others.events, ...(this.#members?.events ?? [])];
  }

  get authChain(): readonly unknown[] {
    return this.#authChain.events;
  }

  /** Where its joined members are. */
  get servers(): readonly ServerName[] {
    return [...this.#servers];
  }
}
