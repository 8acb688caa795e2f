import { MatrixError } from '@holm/spec/errors';
import type { RoomAlias, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../../rooms/engine.ts';

const TYPE = 'm.room.canonical_alias';

/** What rooms say they are called. */
export class MainAliases {
  readonly #engine: Pick<RoomEngine, 'rooms' | 'states' | 'sender'>;
  readonly #log: Log;

  constructor(engine: Pick<RoomEngine, 'rooms' | 'states' | 'sender'>, log: Log) {
    this.#engine = engine;
    this.#log = log;
  }

  /**
   * Somebody has removed an alias: the room is not to say any more that it is called so, if they may have it say that.
   * https://spec.matrix.org/latest/client-server-api/#delete_matrixclientv3directoryroomroomalias
   */
  async withdrawn(sender: UserId, roomId: RoomId, alias: RoomAlias): Promise<void> {
    const { rooms, states } = this.#engine;
    const room = await rooms.byId(roomId);
    if (!room?.head) return;
    const said = (await states.get(room, room.head.snapshot, [TYPE, '']))?.event.content ?? {};
    const content = without(said, alias);
    if (content === said) return;
    try {
      await this.#engine.sender.send(roomId, { sender, type: TYPE, stateKey: '', content });
    } catch (err) {
      if (!(err instanceof MatrixError)) throw err;
      this.#log.info('a room goes on being called by an alias that is gone', { roomId, err });
    }
  }
}

/** The same object where it does not name the alias. */
const without = (said: JsonObject, alias: RoomAlias): JsonObject => {
  const { alias: main, alt_aliases: others, ...rest } = said;
  const left = Array.isArray(others) ? others.filter((other) => other !== alias) : others;
  const isAmongOthers = Array.isArray(others) && Array.isArray(left) && left.length < others.length;
  if (main !== alias && !isAmongOthers) return said;
  return {
    ...rest,
    ...(main !== undefined && main !== alias && { alias: main }),
    ...(left !== undefined && { alt_aliases: left }),
  };
};
