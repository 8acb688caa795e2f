import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, ServerName } from '@holm/spec/ids';
import { pduText } from '../../core/events/pdu-text.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { EventNid, Head, StoredEvent } from '../../rooms/model.ts';
import { assertComplete } from '../../rooms/partial/assert-complete.ts';
import type { Room } from '../../rooms/room.ts';
import { shown } from '../../rooms/timeline/client-events.ts';
import type { Moment } from '../../rooms/timeline/by-time.ts';
import type { VisibleToServer } from '../../rooms/timeline/visible-to-server.ts';
import type { StateNids, StateTexts } from './state-texts.service.ts';

/** Events per answer, whatever is asked for. */
const MAX_BACKFILL = 100;
const MAX_MISSING = 20;

export interface RoomExchangeDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine['ingest'], 'isAllowed'>;
  readonly visible: VisibleToServer;
  readonly states: StateTexts;
}

type JoinedRoom = Room & { readonly head: Head };

interface AuthChain {
  readonly nids: readonly EventNid[];
  readonly discreet: boolean;
}

interface MissingWanted {
  readonly latest: readonly EventId[];
  readonly earliest: readonly EventId[];
  readonly limit: number;
  readonly minDepth: number;
}

interface WalkLimits {
  readonly limit: number;
  readonly stopAt: ReadonlySet<EventId>;
  readonly minDepth: number;
}

/** What this server tells others about rooms, as far as they may know. */
export class RoomExchange {
  readonly #deps: RoomExchangeDeps;

  constructor(deps: RoomExchangeDeps) {
    this.#deps = deps;
  }

  async event(origin: ServerName, eventId: EventId): Promise<StoredEvent> {
    const { engine } = this.#deps;
    const stored = await engine.events.byId(eventId);
    const found = stored?.snapshot === undefined ? undefined : stored;
    const room = found && (await engine.rooms.byNid(found.roomNid));
    if (!found || !room?.head) throw notFound();
    await this.#room(origin, room.roomId);
    const [seen] = await this.#deps.visible.filter(origin, room, [found]);
    if (!seen) throw notFound();
    return seen;
  }

  /** The state before an event of the room that the server may have, with its auth chain. */
  async stateBefore(origin: ServerName, roomId: RoomId, eventId: EventId): Promise<StateNids> {
    const room = await this.#room(origin, roomId);
    const event = await this.#eventOf(room, eventId);
    // Being in the room now says nothing about what it was before.
    if ((await this.#deps.visible.filter(origin, room, [event])).length === 0) throw notFound();
    return this.#deps.states.of(room, event.snapshot);
  }

  /**
   * What an event takes its authority from, directly or not. Of an event that the server may not see it still has to know
   * whether it stands, since that is what it is told of it elsewhere, but no more.
   */
  async eventAuth(origin: ServerName, roomId: RoomId, eventId: EventId): Promise<AuthChain> {
    const room = await this.#room(origin, roomId);
    const event = await this.#eventOf(room, eventId);
    const isSeen = (await this.#deps.visible.filter(origin, room, [event])).length > 0;
    const authEvents = await this.#deps.engine.events.byIds(event.event.authEvents);
    const direct = [...authEvents.values()].map(({ nid }) => nid);
    const nids = [...new Set([...direct, ...(await this.#deps.states.chainOf(room, direct))])];
    return { nids, discreet: !isSeen };
  }

  /** The event closest to a moment that the server may have. */
  async eventAt(origin: ServerName, roomId: RoomId, moment: Moment): Promise<StoredEvent> {
    const { engine, visible } = this.#deps;
    const room = await this.#room(origin, roomId);
    const found = await engine.byTime.closest(room, moment, (events) => visible.filter(origin, room, events));
    if (!found) throw notFound();
    return found;
  }

  /** Events and their ancestors, newest first. */
  async backfill(origin: ServerName, roomId: RoomId, from: readonly EventId[], limit: number): Promise<StoredEvent[]> {
    const room = await this.#room(origin, roomId);
    const found = await this.#walk(room, from, {
      limit: Math.min(limit, MAX_BACKFILL),
      stopAt: new Set(),
      minDepth: 0,
    });
    return this.#deps.visible.reveal(origin, room, found);
  }

  /** Ancestors of `latest` down to `earliest`, oldest first, none of either among them. */
  async missingEvents(
    origin: ServerName,
    roomId: RoomId,
    { latest, earliest, limit, minDepth }: MissingWanted,
  ): Promise<StoredEvent[]> {
    const room = await this.#room(origin, roomId);
    const stopAt = new Set(earliest);
    const start = await this.#deps.engine.events.byIds(latest);
    const parents = [...start.values()]
      .filter(({ roomNid }) => roomNid === room.nid)
      .flatMap(({ event }) => event.prevEvents)
      .filter((id) => !stopAt.has(id));
    const found = await this.#walk(room, parents, { limit: Math.min(limit, MAX_MISSING), stopAt, minDepth });
    const asked = new Set(latest);
    const missing = found.filter(({ event }) => !asked.has(event.eventId));
    return (await this.#deps.visible.reveal(origin, room, missing)).reverse();
  }

  /** Breadth first along prev events, the deepest of each wave first. */
  async #walk(room: Room, from: readonly EventId[], { limit, stopAt, minDepth }: WalkLimits): Promise<StoredEvent[]> {
    const seen = new Set<EventId>(from);
    const found: StoredEvent[] = [];
    let wave: readonly EventId[] = from;
    while (wave.length > 0 && found.length < limit) {
      const events = [...(await this.#deps.engine.events.byIds(wave)).values()]
        .filter(({ roomNid, snapshot }) => roomNid === room.nid && snapshot !== undefined)
        .filter(({ event }) => event.depth >= minDepth)
        .sort((a, b) => b.event.depth - a.event.depth);
      found.push(...events);
      const next = events.flatMap(({ event }) => event.prevEvents).filter((id) => !seen.has(id) && !stopAt.has(id));
      for (const id of next) seen.add(id);
      wave = [...new Set(next)];
    }
    return found.slice(0, limit).sort((a, b) => b.event.depth - a.event.depth);
  }

  /** A room that we and the asking server are in. */
  async #room(origin: ServerName, roomId: RoomId): Promise<JoinedRoom> {
    const { engine, ingest } = this.#deps;
    engine.holds.assertOpen(roomId);
    const room = await engine.rooms.joined(roomId);
    assertComplete(engine.partial, room);
    if (!(await ingest.isAllowed(room, origin))) throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    const { servers } = await engine.membersOf(room);
    if (!servers.has(origin)) throw new MatrixError('M_FORBIDDEN', 'your server is not in that room');
    return room;
  }

  async #eventOf(room: Room, eventId: EventId): Promise<StoredEvent & { readonly snapshot: number }> {
    const stored = await this.#deps.engine.events.byId(eventId);
    if (stored?.roomNid !== room.nid || stored.snapshot === undefined) throw notFound();
    return { ...stored, snapshot: stored.snapshot };
  }
}

/** What other servers get of an event: without the content that has been taken back. */
export const wireText = (stored: StoredEvent): string => pduText(shown(stored));

const notFound = (): MatrixError => new MatrixError('M_NOT_FOUND', 'there is no such event that your server may see');
