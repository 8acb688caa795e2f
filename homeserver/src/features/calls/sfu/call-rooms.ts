import type { NoPlace } from './branches.ts';
import { CallRoom, type CallRoomDeps } from './call-room.ts';
import type { Arrival, Participant } from './participant.ts';

/** The calls that are going on. One begins with the first who comes and ends with the last who goes. */
export class CallRooms {
  readonly #deps: CallRoomDeps;
  readonly #open = new Map<string, CallRoom>();

  #isStopping = false;

  constructor(deps: CallRoomDeps) {
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

  async join(name: string, arrival: Arrival): Promise<Participant | NoPlace> {
    while (!this.#isStopping) {
      const joined = await (this.#open.get(name) ?? this.#begin(name)).join(arrival);
      // The worker may have died meanwhile: there may be another one.
      if (joined !== 'lost') return joined;
    }
    return 'no worker';
  }

  #begin(name: string): CallRoom {
    const room: CallRoom = new CallRoom(this.#deps, name, () => {
      if (this.#open.get(name) === room) this.#open.delete(name);
    });
    this.#open.set(name, room);
    return room;
  }

  closeAll(): void {
    this.#isStopping = true;
    for (const room of [...this.#open.values()]) room.close('stopping');
  }
}
