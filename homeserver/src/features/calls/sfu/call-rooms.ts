import type { CallMedia } from '../media/media-worker-process.ts';
import { CallRoom, type CallRoomDeps } from './call-room.ts';
import type { Arrival, Participant } from './participant.ts';

interface CallRoomsDeps extends CallRoomDeps {
  /** A place for a call's media, or nothing where no worker runs. */
  readonly openMedia: () => Promise<CallMedia | undefined>;
}

/** The calls that are going on. One begins with the first who comes and ends with the last who goes. */
export class CallRooms {
  readonly #deps: CallRoomsDeps;
  readonly #opening = new Map<string, Promise<CallRoom | undefined>>();
  readonly #open = new Map<string, CallRoom>();

  constructor(deps: CallRoomsDeps) {
    this.#deps = deps;
  }

  get all(): Iterable<CallRoom> {
    return this.#open.values();
  }

  get size(): number {
    return this.#open.size;
  }

  find(name: string): CallRoom | undefined {
    return this.#open.get(name);
  }

  /** `undefined` where there is no worker for it. */
  async join(name: string, arrival: Arrival): Promise<Participant | undefined> {
    for (;;) {
      const room = this.#open.get(name) ?? (await this.#opened(name));
      if (!room) return undefined;
      // The last one may have gone while it was waited for.
      if (!room.isClosed) return room.join(arrival);
    }
  }

  #opened(name: string): Promise<CallRoom | undefined> {
    const begun = this.#opening.get(name);
    if (begun) return begun;
    const opening = this.#begin(name).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  async #begin(name: string): Promise<CallRoom | undefined> {
    const media = await this.#deps.openMedia();
    if (!media) return undefined;
    const room: CallRoom = await CallRoom.open(this.#deps, {
      name,
      media,
      ended: () => {
        if (this.#open.get(name) === room) this.#open.delete(name);
      },
    });
    if (!room.isClosed) this.#open.set(name, room);
    return room;
  }

  closeAll(): void {
    for (const room of [...this.#open.values()]) room.close('stopping');
  }
}
