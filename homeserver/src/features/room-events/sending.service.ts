import { MatrixError } from '@holm/spec/errors';
import { EventId, type RoomId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { checkLevels } from '../../core/auth/rules/power-levels.ts';
import { type Relation, relationOf } from '../../core/events/content.ts';
import type { Stickiness } from '../../core/events/sticky.ts';
import { ALLOW } from '../../core/verdict.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { EventNid } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { isDuplicate } from '../../storage/database.ts';
import type { Membership } from '../membership/index.ts';
import { checkNewAliases, type KnownAliases } from './aliases-check.ts';
import { transactionKey, Transactions } from './transactions.ts';

export interface SendingDeps {
  readonly engine: RoomEngine;
  readonly aliases: KnownAliases;
  readonly membership: Pick<Membership, 'put'>;
}

export interface Message {
  readonly roomId: RoomId;
  readonly type: string;
  readonly content: JsonObject;
  readonly txnId: string;
  readonly sticky?: Stickiness | undefined;
}

/** Something that was asked for earlier. */
export interface Deferred extends Omit<Message, 'txnId'> {
  readonly sender: UserId;
  /** Absent for events that are not state. */
  readonly stateKey: string | undefined;
}

export interface Redaction {
  readonly roomId: RoomId;
  readonly redacts: EventId;
  readonly reason: string | undefined;
  readonly txnId: string;
}

export interface StateChange {
  readonly roomId: RoomId;
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/** Puts what local users say into rooms. */
export class Sending {
  readonly #deps: SendingDeps;
  readonly #transactions = new Transactions();
  readonly #relating = new KeyedQueue<string>();

  constructor(deps: SendingDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN where the room's rules say no. The same transaction again gives the same event. */
  async message(caller: Viewer, { roomId, type, content, txnId, sticky }: Message): Promise<EventId> {
    const { userId: sender } = caller;
    const draft = { ...messageFrom(sender, type, content), sticky };
    return this.#once(caller, roomId, { path: ['send', roomId, type], txnId, draft });
  }

  async redact(caller: Viewer, { roomId, redacts, reason, txnId }: Redaction): Promise<EventId> {
    const content = reason === undefined ? {} : { reason };
    const draft = { sender: caller.userId, type: 'm.room.redaction', content, redacts };
    return this.#once(caller, roomId, { path: ['redact', roomId, redacts], txnId, draft });
  }

  /** State that is set to what it is already gives the event that did so. */
  state(sender: UserId, { roomId, type, stateKey, content }: StateChange): Promise<EventId> {
    return this.#state(roomId, { sender, type, stateKey, content });
  }

  /**
   * Sends what was asked for earlier. Whatever happened to an earlier attempt with the same `txn`, there is one event;
   * but of a membership, which may need another server, it is only sure that it is what was asked for.
   * `placed` is told its number before anybody can see it.
   */
  async deferred(
    { roomId, sender, type, stateKey, content, sticky }: Deferred,
    once: { readonly txn: Buffer; readonly placed: (nid: EventNid) => void },
  ): Promise<EventId> {
    const draft = stateKey === undefined ? messageFrom(sender, type, content) : { sender, type, stateKey, content };
    const sent = { ...draft, ...once, sticky };
    return this.#orEarlier(once.txn, () =>
      stateKey === undefined ? this.#say(roomId, sent) : this.#state(roomId, { ...sent, stateKey }),
    );
  }

  async #state(roomId: RoomId, draft: Draft & { readonly stateKey: string }): Promise<EventId> {
    const { sender, type, stateKey, content } = draft;
    if (type === 'm.room.member') return this.#deps.membership.put(sender, roomId, stateKey, content);
    if (type === 'm.room.canonical_alias') await this.#checkAliases(sender, roomId, stateKey, content);
    if (type === 'm.room.power_levels' && stateKey === '') await this.#checkLevels(roomId, content);
    return this.#send(roomId, draft);
  }

  #once(
    caller: Viewer,
    roomId: RoomId,
    { path, txnId, draft }: { readonly path: readonly string[]; readonly txnId: string; readonly draft: Draft },
  ): Promise<EventId> {
    const { echoes } = this.#deps.engine;
    const txn = transactionKey(caller, path, txnId);
    // Noted before the event can be seen: the device may be told of it before this request is answered.
    const placed = (nid: EventNid) => echoes.sent(nid, caller, txnId);
    return this.#transactions.run(txn, () => this.#orEarlier(txn, () => this.#say(roomId, { ...draft, txn, placed })));
  }

  async #orEarlier(txn: Buffer, send: () => Promise<EventId>): Promise<EventId> {
    try {
      return await send();
    } catch (error) {
      const earlier = isRepeated(error) ? await this.#earlier(txn) : undefined;
      if (earlier === undefined) throw error;
      return earlier;
    }
  }

  /** What an earlier life of this server made of the request. */
  async #earlier(txn: Buffer): Promise<EventId | undefined> {
    return (await this.#deps.engine.events.byTransaction(txn))?.event.eventId;
  }

  /** Who sends the same twice at the same moment has it sent once. */
  #relate(room: Room, draft: Draft, relation: Relation): Promise<EventId> {
    const { access, relationRules, sender } = this.#deps.engine;
    const eventType = draft.type;
    return this.#relating.run(`${room.nid} ${draft.sender} ${relation.target}`, async () => {
      await access.ofMember(draft.sender, room.roomId);
      await relationRules.check(room, { ...relation, sender: draft.sender, eventType });
      return (await sender.send(room.roomId, draft)).event.eventId;
    });
  }

  async #say(roomId: RoomId, draft: Draft): Promise<EventId> {
    const relation = relationOf(draft.content);
    return relation ? this.#relate(await this.#known(roomId), draft, relation) : this.#send(roomId, draft);
  }

  async #send(roomId: RoomId, draft: Draft): Promise<EventId> {
    await this.#known(roomId);
    return (await this.#deps.engine.sender.send(roomId, draft)).event.eventId;
  }

  /** Who is not in a room does not learn whether there is one. In memory, for any room that is in use. */
  async #known(roomId: RoomId): Promise<Room> {
    const room = await this.#deps.engine.rooms.byId(roomId);
    if (!room?.head) throw new MatrixError('M_FORBIDDEN', 'you are not in this room');
    return room;
  }

  /** The rules would refuse them as well, but who made a mistake should not be told that something is forbidden. */
  async #checkLevels(roomId: RoomId, content: JsonObject): Promise<void> {
    const room = await this.#deps.engine.rooms.byId(roomId);
    const verdict = room?.version ? checkLevels(content, room.version) : ALLOW;
    if (!verdict.allowed) throw new MatrixError('M_BAD_JSON', verdict.reason);
  }

  async #checkAliases(sender: UserId, roomId: RoomId, stateKey: string, content: JsonObject): Promise<void> {
    const { access, states } = this.#deps.engine;
    const { room, snapshot } = await access.ofMember(sender, roomId);
    const before = await states.get(room, snapshot, ['m.room.canonical_alias', stateKey]);
    await checkNewAliases(this.#deps.aliases, roomId, { before: before?.event.content ?? {}, after: content });
  }
}

const messageFrom = (sender: UserId, type: string, content: JsonObject): Draft =>
  type === 'm.room.redaction' ? redactionFrom(sender, content) : { sender, type, content };

/** A redaction that is sent like a message names its target as newer room versions do; the engine puts it in place. */
const redactionFrom = (sender: UserId, { redacts, ...content }: JsonObject): Draft => {
  if (!EventId.is(redacts)) throw new MatrixError('M_BAD_JSON', 'content.redacts is not an event id');
  return { sender, type: 'm.room.redaction', content, redacts };
};

/** Both say that the event is there already: as this very request, or as another one that said the same. */
const isRepeated = (error: unknown): boolean =>
  isDuplicate(error) || (error instanceof MatrixError && error.errcode === 'M_DUPLICATE_ANNOTATION');
