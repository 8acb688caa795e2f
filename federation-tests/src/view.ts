import { PATIENCE_MS } from './http.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** A room as a client keeps it. */
export interface RoomView {
  /** Events as they came. */
  readonly timeline: any[];
  /** Content by type and state key. */
  readonly state: Map<string, any>;
  /** `prev_batch` of the oldest timeline that was cut short. */
  gap: string | undefined;
}

/** Who syncs. */
export interface Syncing {
  readonly userId: string;
  ask(method: 'GET', path: string): Promise<any>;
}

/** What a client knows by having synced: the answers of `/sync`, put together. */
export class View {
  readonly joined = new Map<string, RoomView>();
  readonly left = new Map<string, RoomView>();
  /** The stripped state of rooms that one is invited to. */
  readonly invited = new Map<string, any[]>();
  /** The stripped state of rooms that one has knocked on. */
  readonly knocked = new Map<string, any[]>();
  /** Where the next sync goes on. */
  since: string | undefined;
  readonly #person: Syncing;

  constructor(person: Syncing) {
    this.#person = person;
  }

  /** One sync, which by default does not wait; resolves to the answer. */
  async sync(timeout = 0): Promise<any> {
    const since = this.since === undefined ? '' : `&since=${encodeURIComponent(this.since)}`;
    const answer = await this.#person.ask('GET', `/sync?timeout=${timeout}${since}`);
    this.take(answer);
    this.since = answer.next_batch;
    return answer;
  }

  /** Syncs, as clients do, until something is true. */
  async until(what: string, isTrue: (view: View) => unknown): Promise<void> {
    const started = performance.now();
    for (let timeout = 0; !isTrue(this); timeout = 30_000) {
      if (performance.now() - started > PATIENCE_MS) throw new Error(`${this.#person.userId} never saw ${what}`);
      await this.sync(timeout).catch((cause: unknown) => {
        throw new Error(`${this.#person.userId} never saw ${what}`, { cause });
      });
    }
  }

  /** Syncs until a message is there; resolves to its event. */
  async untilMessage(room: string, text: string): Promise<any> {
    const find = () => this.joined.get(room)?.timeline.find(({ content }) => content?.body === text);
    await this.until(`"${text}"`, find);
    return find();
  }

  /** Takes in one answer, however it came. */
  take({ rooms = {} }: any): void {
    for (const [room, changes] of Object.entries<any>(rooms.join ?? {})) {
      if (!this.joined.has(room)) this.joined.set(room, { timeline: [], state: new Map(), gap: undefined });
      this.invited.delete(room);
      this.knocked.delete(room);
      this.left.delete(room);
      takeRoom(this.joined.get(room)!, changes);
    }
    for (const [room, { invite_state: state }] of Object.entries<any>(rooms.invite ?? {})) {
      this.invited.set(room, state.events);
      this.knocked.delete(room);
    }
    for (const [room, { knock_state: state }] of Object.entries<any>(rooms.knock ?? {})) {
      this.knocked.set(room, state.events);
    }
    for (const [room, changes] of Object.entries<any>(rooms.leave ?? {})) {
      const view = this.joined.get(room) ?? { timeline: [], state: new Map(), gap: undefined };
      takeRoom(view, changes);
      this.joined.delete(room);
      this.invited.delete(room);
      this.knocked.delete(room);
      this.left.set(room, view);
    }
  }
}

const takeRoom = (room: RoomView, { state, timeline }: any): void => {
  if (timeline?.limited) {
    room.timeline.length = 0;
    room.gap = timeline.prev_batch;
  }
  room.timeline.push(...(timeline?.events ?? []));
  for (const event of [...(state?.events ?? []), ...(timeline?.events ?? [])]) {
    if (event.state_key !== undefined) room.state.set(`${event.type} ${event.state_key}`, event.content);
  }
};
