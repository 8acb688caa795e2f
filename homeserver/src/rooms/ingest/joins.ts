import type { RoomId } from '@holm/spec/ids';

/**
 * Joins of rooms of other servers that are under way. As soon as a resident server has accepted a join, it sends us
 * what happens in the room; that follows what the join will bring, so it has to wait for it.
 */
export class JoinsUnderWay {
  readonly #joins = new Map<RoomId, Set<Promise<unknown>>>();

  async during<T>(roomId: RoomId, join: () => Promise<T>): Promise<T> {
    const ofRoom = this.#joins.get(roomId) ?? new Set();
    this.#joins.set(roomId, ofRoom);
    const work = join();
    ofRoom.add(work);
    try {
      return await work;
    } finally {
      ofRoom.delete(work);
      if (ofRoom.size === 0) this.#joins.delete(roomId);
    }
  }

  isUnderWay(roomId: RoomId): boolean {
    return this.#joins.has(roomId);
  }

  /** Resolves when the joins of a room have come to an end, be it a failure. */
  async over(roomId: RoomId): Promise<void> {
    await Promise.allSettled([...(this.#joins.get(roomId) ?? [])]);
  }
}
