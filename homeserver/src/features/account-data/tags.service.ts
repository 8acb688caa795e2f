import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import type { AccountData } from './account-data.service.ts';
import type { AccountDataKey } from './account-data.ts';

const MAX_BYTES = 64 * 1024;

/** How somebody sorts their rooms: the `m.tag` account data of a room. */
export class Tags {
  readonly #accountData: AccountData;

  constructor(accountData: AccountData) {
    this.#accountData = accountData;
  }

  async of(userId: UserId, roomId: RoomId): Promise<JsonObject> {
    try {
      return tagsIn(await this.#accountData.get(keyOf(userId, roomId)));
    } catch (error) {
      if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return {};
      throw error;
    }
  }

  async add(userId: UserId, roomId: RoomId, { tag, details }: { tag: string; details: JsonObject }): Promise<void> {
    await this.#accountData.update(keyOf(userId, roomId), (stored) => {
      const content = { ...stored, tags: { ...tagsIn(stored), [tag]: details } };
      if (Buffer.byteLength(JSON.stringify(content)) > MAX_BYTES) {
        throw new MatrixError('M_TOO_LARGE', 'this room has too many tags');
      }
      return content;
    });
  }

  /** Removing what is not there is fine. */
  async remove(userId: UserId, roomId: RoomId, tag: string): Promise<void> {
    await this.#accountData.update(keyOf(userId, roomId), (stored) => ({
      ...stored,
      tags: Object.fromEntries(Object.entries(tagsIn(stored)).filter(([name]) => name !== tag)),
    }));
  }
}

const keyOf = (userId: UserId, roomId: RoomId): AccountDataKey => ({ userId, roomId, type: 'm.tag' });

/** Clients may have put anything under `m.tag` by the general operation. */
const tagsIn = (content: JsonObject | undefined): JsonObject => (isObject(content?.['tags']) ? content['tags'] : {});
