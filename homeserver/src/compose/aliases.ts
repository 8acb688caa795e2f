import { MatrixError } from '@holm/spec/errors';
import { requiredLevel, powerLevelOf } from '../core/auth/power-levels.ts';
import { Aliases, federatedAliases, MainAliases, type RoomRights } from '../features/aliases/index.ts';
import type { RoomEngine } from '../rooms/engine.ts';
import { authStateOf } from '../rooms/state/states.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
}

/** The names of rooms. */
export const composeAliases = (base: Base, { federation, rooms: { engine }, accounts }: Parts): Aliases =>
  new Aliases({
    ...base,
    remote: federatedAliases(federation.client),
    roomServers: {
      async of(roomId) {
        const room = await engine.rooms.byId(roomId);
        return room?.head ? [...(await engine.membersOf(room)).servers.keys()] : [];
      },
    },
    rights: aliasRights(engine),
    administrators: accounts.accounts,
    names: new MainAliases(engine, base.log.with({ area: 'rooms' })),
  });

export const aliasRights = ({ rooms, states, userRooms, access }: RoomEngine): RoomRights => ({
  async isJoined(roomId, userId) {
    const room = await rooms.byId(roomId);
    return room !== undefined && (await userRooms.of(userId)).get(room.nid)?.membership === 'join';
  },
  async maySee(roomId, userId) {
    try {
      // Who has left may look back, but these are the names of now.
      return (await access.of(userId, roomId)).until === undefined;
    } catch (error) {
      if (error instanceof MatrixError && error.errcode === 'M_FORBIDDEN') return false;
      throw error;
    }
  },
  async maySetCanonicalAlias(roomId, userId) {
    const room = await rooms.byId(roomId);
    if (!room?.head) return false;
    const keys = [
      ['m.room.create', ''],
      ['m.room.power_levels', ''],
    ] as const;
    const state = authStateOf(await states.view(room, room.head.snapshot, keys));
    return powerLevelOf(userId, state) >= requiredLevel(state, 'm.room.canonical_alias', true);
  },
});
