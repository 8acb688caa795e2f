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

/** Whose membership an event takes its authority from, beside that of whom it is about. */
const powerOf = (pdu: unknown): readonly unknown[] => {
  if (!isObject(pdu)) return [];
  const { sender, content } = pdu;
  return [sender, isObject(content) ? content['join_authorised_via_users_server'] : undefined];
};

/** Events that are held, and how long they are as text. */
class Kept {
  readonly events: unknown[] = [];
  characters = 0;

  add(pdu: unknown, characters: number): void {
    this.events.push(pdu);
    this.characters += characters;
  }
}

/** Reads the state once more. */
type Read = (take: (pdu: unknown, characters: number) => void) => Promise<void>;

/**
 * The state before a join as the server tells it that lets us in. Of a large one all but the members is kept, and where they are;
 * and those members whose power the rest comes from, which need not be told twice.
 */
export class ToldState {
  readonly #authChain = new Kept();
  readonly #others = new Kept();
  /** Absent when there are too many. */
  #members: Kept | undefined = new Kept();
  readonly #servers = new Set<ServerName>();
  /** Of those who are left out: by user, whom something rests on that is kept. */
  readonly #needed = new Map<UserId, Member>();
  #neededCharacters = 0;

  /** `characters`: how long it is as text. Throws M_UNKNOWN (502) when nobody could hold so much. */
  take(of: keyof RemoteState, pdu: unknown, characters: number): void {
    if (of === 'authChain') this.#authChain.add(pdu, characters);
    else if (isMember(pdu)) this.#takeMember(pdu, characters);
    else this.#others.add(pdu, characters);
    const members = this.#members?.events.length ?? 0;
    if (members > 0 && members + this.#others.events.length > LARGE) this.#members = undefined;
    this.#assertHoldable();
  }

  /** `users`: who takes part in the join. */
  async takeNeeded(read: Read, users: readonly unknown[]): Promise<void> {
    const wanted = new Set([...users, ...[...this.#others.events, ...this.authChain].flatMap(powerOf)]);
    // Their memberships may rest on those of others, who come before them.
    for (let before = -1; before < wanted.size;) {
      before = wanted.size;
      await read((pdu, characters) => {
        if (!isMember(pdu) || !wanted.has(pdu.state_key) || this.#needed.has(pdu.state_key)) return;
        this.#needed.set(pdu.state_key, pdu);
        this.#neededCharacters += characters;
        for (const user of powerOf(pdu)) wanted.add(user);
        this.#assertHoldable();
      });
    }
  }

  #assertHoldable(): void {
    const kept = this.#authChain.characters + this.#others.characters + (this.#members?.characters ?? 0);
    if (kept + this.#neededCharacters <= MOST_CHARACTERS) return;
    throw new MatrixError('M_UNKNOWN', 'the room is too large', { status: 502 });
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
    return [...this.#others.events, ...(this.#members?.events ?? this.#needed.values())];
  }

  get authChain(): readonly unknown[] {
    return this.#authChain.events;
  }

  /** Where its joined members are. */
  get servers(): readonly ServerName[] {
    return [...this.#servers];
  }
}
