import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { type Relation, relationOf } from '../../core/events/content.ts';
import type { Database } from '../../storage/database.ts';
import type { Events } from '../events.ts';
import type { Room } from '../room.ts';
import { relationsStore as store } from './relations.store.ts';

export interface NewRelation extends Relation {
  readonly sender: UserId;
  /** Of the event that says it. */
  readonly eventType: string;
}

/** What our users may say about events. Other servers may do otherwise; clients cope. */
export class RelationRules {
  readonly #db: Database;
  readonly #events: Events;

  constructor(db: Database, events: Events) {
    this.#db = db;
    this.#events = events;
  }

  /** M_DUPLICATE_ANNOTATION for what the user has said already; M_UNKNOWN (400) for what makes no sense. */
  async check(room: Room, { type, target, key, sender, eventType }: NewRelation): Promise<void> {
    const parent = await this.#events.byId(target);
    if (parent && parent.roomNid !== room.nid) throw nonsense('that event is of another room');
    if (type === 'm.thread' && parent && relationOf(parent.event.content)) {
      throw nonsense('no thread can begin with an event that says something about another one');
    }
    // Of what holds U+0000 the index keeps nothing.
    if (type !== 'm.annotation' || `${eventType}${key ?? ''}`.includes('\0')) return;
    if (await store.hasAnnotation(this.#db, room.nid, { sender, type: eventType, target, key })) {
      throw new MatrixError('M_DUPLICATE_ANNOTATION', 'you have said so already');
    }
  }
}

/** https://spec.matrix.org/latest/client-server-api/#validation-of-mthread-relationships: there is no code of its own. */
const nonsense = (why: string) => new MatrixError('M_UNKNOWN', why, { status: 400 });
