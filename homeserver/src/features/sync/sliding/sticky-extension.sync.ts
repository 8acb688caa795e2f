import type { RoomId } from '@holm/spec/ids';
import type { Caller } from '../../../http/route.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { EventNid, Member, RoomNid } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import type { Stuck } from '../../../rooms/sticky/stuck.ts';
import type { Readers } from '../../../rooms/timeline/readers.ts';
import type { Position } from '../../../streams/stream.ts';
import { senderTextsOf } from '../event-texts.sync.ts';
import type { JsonText } from '../json-text.ts';
import { hasStayed } from '../standing.sync.ts';
import { StuckEvents } from '../stuck-events.sync.ts';
import type { StickyAnswer } from './extensions-ask.ts';
import type { Following } from './following.service.ts';
import type { StickyRequest } from './request.ts';
import { placeIn } from './silent-parts.ts';
import { limitFilter } from './room-views.sync.ts';

interface Ask {
  readonly viewer: Caller;
  readonly request: StickyRequest;
  readonly following: Following;
  readonly upTo: Position;
  /** What is in the timelines of the same answer. */
  readonly shown: (room: RoomNid) => readonly EventNid[];
}

interface Place {
  readonly room: RoomNid;
  readonly stuck: Stuck;
}

/** Up to where a client has what sticks, and of which moment that was asked: older rooms are not new to it. */
const readBatch = (since: string | undefined, upTo: Position) => {
  const [, after = '', seen = after] = /^(\d+)(?:_(\d+))?$/.exec(since ?? '') ?? [];
  return { after: placeIn(after, upTo), seen: placeIn(seen, upTo) };
};

const batchText = (reached: Position, upTo: Position): string => (reached < upTo ? `${reached}_${upTo}` : `${reached}`);

/** Where an answer ends that does not hold all. */
const reachedBy = (places: readonly Place[], limit: number): Position | undefined =>
  places.length > limit ? places[limit - 1]?.stuck.position : undefined;

/**
 * What sticks, in all rooms that a client's lists have, be they in its ranges or not. As with messages to devices, the client
 * says by itself how far it has got: https://github.com/matrix-org/matrix-spec-proposals/pull/4480
 */
export class StickyExtension {
  readonly #engine: RoomEngine;
  readonly #stuck: StuckEvents;

  constructor(engine: RoomEngine, readers: Readers) {
    this.#engine = engine;
    this.#stuck = new StuckEvents(engine, readers);
  }

  async told({ viewer, request, following, upTo, shown }: Ask): Promise<StickyAnswer> {
    const { name, since, limit } = request;
    const { after, seen } = readBatch(since, upTo);
    const { missed, whole } = await this.#places(following, { after, seen, upTo });
    const told = missed.slice(0, limit);
    const reached = reachedBy(missed, limit) ?? upTo;
    const rooms = new Map<RoomId, JsonText[]>();
    for (const [nid, places] of Map.groupBy([...whole, ...told], ({ room }) => room)) {
      const room = await this.#engine.rooms.byNid(nid);
      const stuck = places.map((one) => one.stuck);
      const texts = room ? await this.#texts(viewer, room, { stuck, shown: new Set(shown(nid)) }) : [];
      if (room && texts.length > 0) rooms.set(room.roomId, texts);
    }
    const hasMoved = since === undefined || missed.length + whole.length > 0;
    return { name, nextBatch: hasMoved ? batchText(reached, upTo) : since, rooms };
  }

  /** Of rooms that the user has come into since, everything that sticks, however much that is. */
  async #places(
    { roster, isOfInterest }: Following,
    { after, seen, upTo }: { readonly after: Position; readonly seen: Position; readonly upTo: Position },
  ): Promise<{ missed: Place[]; whole: Place[] }> {
    const { sticky } = this.#engine;
    const missed: Place[] = [];
    const whole: Place[] = [];
    for (const nid of sticky.rooms) {
      const listed = roster.get(nid);
      if (listed?.member.membership !== 'join' || !isOfInterest(listed)) continue;
      const isNew = after > 0 && !(await this.#hasStayed(listed.member, seen));
      const places = sticky.between(nid, isNew ? undefined : after, upTo).map((stuck) => ({ room: nid, stuck }));
      (isNew ? whole : missed).push(...places);
    }
    missed.sort((a, b) => (a.stuck.position ?? 0) - (b.stuck.position ?? 0));
    return { missed, whole };
  }

  #hasStayed(member: Member, after: Position): Promise<boolean> {
    return hasStayed(this.#engine, member, after);
  }

  async #texts(
    viewer: Caller,
    room: Room,
    what: { readonly stuck: readonly Stuck[]; readonly shown: ReadonlySet<EventNid> },
  ): Promise<JsonText[]> {
    const events = await this.#stuck.shownTo(viewer, room, what);
    return senderTextsOf(this.#engine.clientEvents, events, { filter: limitFilter(0), viewer });
  }
}
