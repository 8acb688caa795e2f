import { Departure, Entering, Membership } from '../features/membership/index.ts';
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
import type { CommitListener } from '../rooms/commit.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import { composeDirectory } from './directory.ts';
import type { Federation } from './federation.ts';
import { composeProfiles } from './profiles.ts';
import { composeReading } from './reading.ts';
import type { RoomServices } from './rooms.ts';
import { composeThirdPartyInvites } from './third-party-invites.ts';

interface Parts {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly notifier: Notifier;
}

/** What people do with rooms and in them. */
export const composeFeatures = async (base: Base, { federation, rooms, accounts, notifier }: Parts) => {
  const { engine, ingest, outside } = rooms;
  const { client, signer, keyring: verifier } = federation;
  const directory = composeDirectory(base, { federation, rooms, accounts });
  const { aliases } = directory;
  const profiling = await composeProfiles(base, { federation, rooms, accounts, people: directory.people, notifier });
  const { profiles } = profiling;
  const log = base.log.with({ area: 'rooms' });
  const remote = new OutgoingMembership({ ...base, log, engine, ingest: rooms, outside, client, signer, verifier });
  const entering = new Entering({ engine, aliases, profiles, remote });
  const { forget_on_leave: forgetOnLeave } = base.config.rooms;
  const invitees = accounts.blockedInvites;
  const membership = new Membership({ engine, aliases, profiles, remote, entering, invitees, forgetOnLeave });
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
    ...profiling,
    ...directory,
    entering,
    membership,
    ...thirdParty,
    exchange,
    stateTexts,
    ...composeAnswers(base, { federation, rooms, accounts, texts: stateTexts }),
    creation: new RoomCreation({
      engine,
      aliases,
      profiles,
      membership,
      invitees,
      addresses: thirdParty.addresses,
      directory: directory.publicRooms,
      defaultVersion: base.config.rooms.default_version,
    }),
    upgrades: new RoomUpgrades({ ...base, log, engine, aliases, profiles, settings, directory: directory.publicRooms }),
    sending: new Sending({ engine, aliases, membership }),
    ...composeReading(base, { rooms, accounts }),
  };
};

export type FeatureServices = Awaited<ReturnType<typeof composeFeatures>>;

interface AnswerParts extends Omit<Parts, 'notifier'> {
  readonly texts: StateTexts;
}

/** What other servers are answered who want somebody in a room. */
const composeAnswers = (base: Base, { federation, rooms, accounts, texts }: AnswerParts) => {
  const { signer, keyring: verifier } = federation;
  const deps = { engine: rooms.engine, ingest: rooms, signer };
  return {
    incoming: new IncomingMembership(deps),
    invites: new IncomingInvites({
      ...deps,
      outside: rooms.outside,
      verifier,
      users: accounts.accounts,
      invitees: accounts.blockedInvites,
    }),
    joinAnswers: new JoinAnswers({ ...deps, db: base.db, texts, omitMembersFrom: base.config.rooms.omit_members_from }),
  };
};

/** People find in a room that replaces another one what they had set up there. */
const onJoined =
  ({ background, serverName }: Base, settings: SettingsTransfer): CommitListener =>
  ({ room, members }) => {
    for (const { userId, server, membership, before } of members) {
      if (server !== serverName || membership !== 'join' || before === 'join') continue;
      background.run('carry settings over', () => settings.joined(userId, room));
    }
  };
