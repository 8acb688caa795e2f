import { serverOf, type ServerName } from '@holm/spec/ids';
import { isState } from '../../core/events/event.ts';
import type { Background } from '../../platform/background.ts';
import type { Database } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import type { Committed } from '../commit.ts';
import type { RoomEngine } from '../engine.ts';
import type { EventNid, Extremity, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { VisibleToServer } from '../timeline/visible-to-server.ts';

export interface NewcomersDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly visible: Pick<VisibleToServer, 'filter'>;
  readonly background: Background;
  readonly outbox: { wake(destinations: Iterable<ServerName>, position: number): void };
}

/**
 * Ends of a room beside a join. Everybody sends their own, and the server that lets somebody in those of others, too: the
 * one that passes the join on to the rest, or the only one there is.
 */
interface Beside {
  readonly ends: readonly Extremity[];
  readonly from: 'anybody' | 'us';
}

/** Sends servers that have just come into a room what was sent to everybody else before that, and would go past them. */
export class Newcomers {
  readonly #deps: NewcomersDeps;

  constructor(deps: NewcomersDeps) {
    this.#deps = deps;
  }

  /** To be told of every step of a room. */
  committed(step: Committed): void {
    if (!step.hasNewState) return;
    const { background, engine } = this.#deps;
    const { room } = step;
    const servers = room.members.loaded?.servers;
    const joined = step.members.filter(({ membership, before }) => membership === 'join' && before !== 'join');
    for (const server of new Set(joined.map((member) => member.server))) {
      const isNew = servers?.get(server) === joined.filter((member) => member.server === server).length;
      if (server === engine.serverName || !isNew) continue;
      const from = this.#isLetInHere(step, server, servers) ? 'anybody' : 'us';
      const ends = room.head?.extremities ?? [];
      background.run('send to a new server', () => this.#sendTo(server, room, { ends, from }));
    }
  }

  /** Whether we pass on what the newcomer said, or would if there were others. */
  #isLetInHere(
    { timeline, outbox }: Committed,
    newcomer: ServerName,
    servers: ReadonlyMap<ServerName, number>,
  ): boolean {
    if (servers.size === 2 && servers.has(this.#deps.engine.serverName)) return true;
    const passedOn = new Set(outbox.map(({ eventNid }) => eventNid));
    return timeline.some(({ nid, event }) => serverOf(event.sender) === newcomer && passedOn.has(nid));
  }

  async #sendTo(server: ServerName, room: Room, beside: Beside): Promise<void> {
    const nids = new Set([...(await this.#stuck(room)), ...(await this.#beside(server, room, beside))]);
    const ordered = [...nids].sort((a, b) => a - b);
    if (ordered.length > 0) await this.#send(server, ordered);
  }

  /** "When a new server joins the room, existing servers MUST attempt to push all of their own sticky events." */
  async #stuck(room: Room): Promise<EventNid[]> {
    const { events, sticky, serverName } = this.#deps.engine;
    // What is not settled yet, too: it went to those who were in the room before.
    const stuck = await events.load(sticky.visible(room.nid).map(({ nid }) => nid));
    const isOurs = ({ event, redactedBy }: StoredEvent) =>
      redactedBy === undefined && serverOf(event.sender) === serverName;
    return [...stuck.values()].filter(isOurs).map(({ nid }) => nid);
  }

  /**
   * What came between the proposal of a join and the join itself: it is not in the state that the new server is told, and
   * without it that server would not hear of it until somebody says something more.
   */
  async #beside(server: ServerName, room: Room, { ends, from }: Beside): Promise<EventNid[]> {
    if (ends.length < 2) return [];
    const { events, serverName } = this.#deps.engine;
    const stored = await events.load(ends.map(({ nid }) => nid));
    const others = [...stored.values()].filter(({ event }) => {
      const sender = serverOf(event.sender);
      return sender !== server && (from === 'anybody' || sender === serverName);
    });
    const visible = new Set(await this.#deps.visible.filter(server, room, others));
    return others.filter((end) => isState(end.event) || visible.has(end)).map(({ nid }) => nid);
  }

  async #send(server: ServerName, nids: readonly EventNid[]): Promise<void> {
    const { db, engine, outbox } = this.#deps;
    const positions: Position[] = [];
    try {
      for (let i = 0; i < nids.length; i++) positions.push(await engine.committer.claim());
      await db.run(sql`
        INSERT INTO outbox (position, event_nid, destinations)
        SELECT position, event_nid, ARRAY[${server}::text]
          FROM unnest(${positions}::bigint[], ${nids}::bigint[]) AS u(position, event_nid)`);
    } finally {
      engine.committer.release(positions);
    }
    outbox.wake([server], positions.at(-1) ?? 0);
  }
}
