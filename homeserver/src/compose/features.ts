import { Aliases, federatedAliases, type RoomRights } from '../features/aliases/index.ts';
import { Departure, Entering, Membership, ProfileChanges } from '../features/membership/index.ts';
import { federatedProfiles, Profiles } from '../features/profiles/index.ts';
import {
  IncomingInvites,
  IncomingMembership,
  JoinAnswers,
  OutgoingMembership,
} from '../features/remote-membership/index.ts';
import { RoomCreation } from '../features/room-creation/index.ts';
import { Sending } from '../features/room-events/index.ts';
import { RoomExchange, StateTexts } from '../features/room-exchange/index.ts';
import { RoomUpgrades, SettingsTransfer } from '../features/room-upgrades/index.ts';
import { requiredLevel, powerLevelOf } from '../core/auth/power-levels.ts';
import { MatrixError } from '@holm/spec/errors';
import type { CommitListener } from '../rooms/commit.ts';
import type { RoomEngine } from '../rooms/engine.ts';
import { authStateOf } from '../rooms/state/states.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import { composeReading } from './reading.ts';
import type { RoomServices } from './rooms.ts';
import { composeThirdPartyInvites } from './third-party-invites.ts';

interface Parts {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
}

/** What people do with rooms and in them. */
export const composeFeatures = (base: Base, { federation, rooms, accounts }: Parts) => {
  const { engine, ingest, outside } = rooms;
  const { client, signer, keyring: verifier } = federation;
  const profiles = new Profiles({
    ...base,
    users: accounts.accounts,
    remote: federatedProfiles(client),
    memberEvents: new ProfileChanges(engine),
  });
  const aliases = composeAliases(base, { federation, rooms, accounts });
  const log = base.log.with({ area: 'rooms' });
  const remote = new OutgoingMembership({ ...base, log, engine, ingest: rooms, outside, client, signer, verifier });
  const entering = new Entering({ engine, aliases, profiles, remote });
  const { forget_on_leave: forgetOnLeave } = base.config.rooms;
  const membership = new Membership({ engine, aliases, profiles, remote, entering, forgetOnLeave });
  const thirdParty = composeThirdPartyInvites(base, { federation, rooms, accounts, membership, profiles });
  const departure = new Departure({ engine, membership, log });
  accounts.accounts.onDeactivated((user, erase) => {
    base.background.run('close an account', async () => {
      await departure.leaveAll(user);
      if (!erase) return;
      await profiles.erase(user);
      await accounts.accountData.erase(user);
    });
  });
  const settings = new SettingsTransfer({ ...accounts, engine });
  rooms.listeners.push(onJoined(base, settings));
  const stateTexts = new StateTexts(engine);
  const exchange = new RoomExchange({ engine, ingest, visible: rooms.visibleToServer, states: stateTexts });
  return {
    profiles,
    aliases,
    entering,
    membership,
    ...thirdParty,
    exchange,
    stateTexts,
    incoming: new IncomingMembership({ engine, ingest: rooms, signer }),
    invites: new IncomingInvites({ engine, ingest: rooms, outside, verifier, signer, users: accounts.accounts }),
    joinAnswers: new JoinAnswers({
      engine,
      db: base.db,
      texts: stateTexts,
      omitMembersFrom: base.config.rooms.omit_members_from,
    }),
    creation: new RoomCreation({
      engine,
      aliases,
      profiles,
      membership,
      addresses: thirdParty.addresses,
      defaultVersion: base.config.rooms.default_version,
    }),
    upgrades: new RoomUpgrades({ ...base, log, engine, aliases, profiles, settings }),
    sending: new Sending({ engine, aliases, membership }),
    ...composeReading(base, { rooms, accounts }),
  };
};

export type FeatureServices = ReturnType<typeof composeFeatures>;

/** People find in a room that replaces another one what they had set up there. */
const onJoined =
  ({ background, serverName }: Base, settings: SettingsTransfer): CommitListener =>
  ({ room, members }) => {
    for (const { userId, server, membership, before } of members) {
      if (server !== serverName || membership !== 'join' || before === 'join') continue;
      background.run('carry settings over', () => settings.joined(userId, room));
    }
  };

/** The names of rooms. */
const composeAliases = (base: Base, { federation, rooms: { engine }, accounts }: Parts): Aliases =>
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
  });

const aliasRights = ({ rooms, states, userRooms, access }: RoomEngine): RoomRights => ({
  async isJoined(roomId, userId) {
    const room = await rooms.byId(roomId);
    return room !== undefined && (await userRooms.of(userId)).get(room.nid)?.membership === 'join';
  },
  async maySee(roomId, userId) {
    try {
      await access.of(userId, roomId);
      return true;
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
