import { MatrixError } from '@holm/spec/errors';
import { EventId, type RoomId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { checkLevels } from '../../core/auth/rules/power-levels.ts';
import { ALLOW } from '../../core/verdict.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { EventNid } from '../../rooms/model.ts';
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

  constructor(deps: SendingDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN where the room's rules say no. The same transaction again gives the same event. */
  async message(caller: Viewer, { roomId, type, content, txnId }: Message): Promise<EventId> {
    const { userId: sender } = caller;
    const draft = type === 'm.room.redaction' ? redactionFrom(sender, content) : { sender, type, content };
    return this.#once(caller, roomId, { path: ['send', roomId, type], txnId, draft });
  }

  async redact(caller: Viewer, { roomId, redacts, reason, txnId }: Redaction): Promise<EventId> {
    const content = reason === undefined ? {} : { reason };
    const draft = { sender: caller.userId, type: 'm.room.redaction', content, redacts };
    return this.#once(caller, roomId, { path: ['redact', roomId, redacts], txnId, draft });
  }

  /** State that is set to what it is already gives the event that did so. */
  async state(sender: UserId, { roomId, type, stateKey, content }: StateChange): Promise<EventId> {
    if (type === 'm.room.member') return this.#deps.membership.put(sender, roomId, stateKey, content);
    if (type === 'm.room.canonical_alias') await this.#checkAliases(sender, roomId, stateKey, content);
    if (type === 'm.room.power_levels' && stateKey === '') await this.#checkLevels(roomId, content);
    return this.#send(roomId, { sender, type, stateKey, content });
  }

  #once(
    caller: Viewer,
    roomId: RoomId,
    { path, txnId, draft }: { readonly path: readonly string[]; readonly txnId: string; readonly draft: Draft },
  ): Promise<EventId> {
    const { echoes, sender } = this.#deps.engine;
    const txn = transactionKey(caller, path, txnId);
    return this.#transactions.run(txn, async () => {
      await this.#assertKnown(roomId);
      try {
        // Noted before the event can be seen: the device may be told of it before this request is answered.
        const placed = (nid: EventNid) => echoes.sent(nid, caller, txnId);
        return (await sender.send(roomId, { ...draft, txn, placed })).event.eventId;
      } catch (error) {
        const earlier = isDuplicate(error) ? await this.#earlier(txn) : undefined;
        if (earlier === undefined) throw error;
        return earlier;
      }
    });
  }

  /** What an earlier life of this server made of the request. */
  async #earlier(txn: Buffer): Promise<EventId | undefined> {
    return (await this.#deps.engine.events.byTransaction(txn))?.event.eventId;
  }

  async #send(roomId: RoomId, draft: Draft): Promise<EventId> {
    await this.#assertKnown(roomId);
    return (await this.#deps.engine.sender.send(roomId, draft)).event.eventId;
  }

  /** Who is not in a room does not learn whether there is one. In memory, for any room that is in use. */
  async #assertKnown(roomId: RoomId): Promise<void> {
    if (!(await this.#deps.engine.rooms.byId(roomId))?.head) {
      throw new MatrixError('M_FORBIDDEN', 'you are not in this room');
    }
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

/** A redaction that is sent like a message names its target as newer room versions do; the engine puts it in place. */
const redactionFrom = (sender: UserId, { redacts, ...content }: JsonObject): Draft => {
  if (!EventId.is(redacts)) throw new MatrixError('M_BAD_JSON', 'content.redacts is not an event id');
  return { sender, type: 'm.room.redaction', content, redacts };
};
