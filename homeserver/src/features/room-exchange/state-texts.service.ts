import { Readable } from 'node:stream';
import type { EventId } from '@holm/spec/ids';
import { pduText } from '../../core/events/pdu-text.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import { authChain } from '../../core/state/auth-sweep.ts';
import { Reply } from '../../http/reply.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { EventNid, SnapshotId } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { shown } from '../../rooms/timeline/client-events.ts';

/** Events read and sent at a time. */
const AT_ONCE = 250;

/** A list of events as part of an answer. */
export interface EventList {
  readonly name: string;
  readonly nids: readonly EventNid[];
  /** Of members, only that they were there: whoever asks may not see what they said of themselves. */
  readonly discreet?: boolean;
}

export interface StateNids {
  readonly state: readonly EventNid[];
  /** Of the state, and of what was named besides; without what nothing else in it rests on. */
  readonly authChain: readonly EventNid[];
}

/**
 * Whole states, as other servers ask for them. A room's state can be larger than all its messages of a month, so events
 * stay the text that they are stored as, and go out as they are read.
 */
export class StateTexts {
  readonly #engine: Pick<RoomEngine, 'events' | 'tries' | 'authGraphs'>;

  constructor(engine: Pick<RoomEngine, 'events' | 'tries' | 'authGraphs'>) {
    this.#engine = engine;
  }

  async of(room: Room, snapshot: SnapshotId): Promise<StateNids> {
    const state = (await this.#engine.tries.entries(snapshot)).map(([, nid]) => nid);
    return { state, authChain: await this.chainOf(room, state) };
  }

  /** Everything that events of a room take their authority from; they themselves only where one rests on another. */
  async chainOf(room: Room, events: readonly EventNid[]): Promise<EventNid[]> {
    const graph = await this.#engine.authGraphs.of(room.nid);
    const given = new Set(events);
    const seeds: number[] = [];
    for (let ordinal = 0; ordinal < graph.size; ordinal += 1) if (given.has(graph.nid(ordinal))) seeds.push(ordinal);
    return authChain(graph, seeds).map((ordinal) => graph.nid(ordinal));
  }

  async ids(nids: readonly EventNid[]): Promise<EventId[]> {
    const ids: EventId[] = [];
    for (const some of batches(nids)) ids.push(...(await this.#engine.events.ids(some)));
    return ids;
  }

  /** An object with lists of events after what it has besides, which is the JSON of its first members. */
  reply(start: string, lists: readonly EventList[]): Reply {
    return new Reply(200, { 'content-type': 'application/json' }, Readable.from(this.#parts(start, lists)));
  }

  async #texts(nids: readonly EventNid[]): Promise<readonly string[]> {
    const texts = await this.#engine.events.texts(nids);
    return nids.flatMap((nid) => texts.get(nid) ?? []);
  }

  async #discreetly(nids: readonly EventNid[]): Promise<readonly string[]> {
    const events = await this.#engine.events.glance(nids);
    return events.map((stored) => {
      const event = shown(stored);
      return pduText(event.type === 'm.room.member' ? redactEvent(event) : event);
    });
  }

  async *#parts(start: string, lists: readonly EventList[]): AsyncGenerator<string> {
    yield `{${start}`;
    for (const [index, { name, nids, discreet = false }] of lists.entries()) {
      yield `${index > 0 || start !== '' ? ',' : ''}"${name}":[`;
      let isFirst = true;
      for (const some of batches(nids)) {
        const found = await (discreet ? this.#discreetly(some) : this.#texts(some));
        if (found.length === 0) continue;
        yield `${isFirst ? '' : ','}${found.join(',')}`;
        isFirst = false;
      }
      yield ']';
    }
    yield '}';
  }
}

const batches = function* (nids: readonly EventNid[]): Generator<readonly EventNid[]> {
  for (let at = 0; at < nids.length; at += AT_ONCE) yield nids.slice(at, at + AT_ONCE);
};
