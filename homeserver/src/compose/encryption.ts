import {
  CrossSigning,
  KeyClaims,
  KeyQueries,
  KeyUploads,
  OneTimeKeys,
  OwnDevices,
  PublishedKeys,
  RemoteKeyServers,
  Signatures,
} from '../features/device-keys/index.ts';
import { DeviceLists, ListNews, RemoteLists, Roommates } from '../features/device-lists/index.ts';
import { KeyBackups } from '../features/key-backup/index.ts';
import { ToDevice } from '../features/to-device/index.ts';
import type { Schedule } from '../platform/schedule.ts';
import { otherServers } from '../rooms/members/room-members.ts';
import { SequencedStream } from '../streams/sequenced-stream.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly federation: Pick<Federation, 'client'>;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly notifier: Notifier;
}

/** What devices tell each other and publish of themselves, so that they can encrypt. */
export const composeEncryption = async (base: Base, parts: Parts) => {
  const toDevice = await composeToDevice(base, parts);
  const lists = await composeLists(base, parts);
  const keys = composeKeys(base, parts, lists);
  const { engine, listeners } = parts.rooms;
  const roommates = new Roommates({
    ...base,
    lists: lists.own,
    remote: lists.remote,
    devicesOf: (users) => keys.ownDevices.oneOf(users),
    serversIn: async (room) => otherServers((await engine.membersOf(room)).servers, engine.serverName),
  });
  listeners.push(lists.news.listener, roommates.listener);
  const backups = new KeyBackups(base.db);
  parts.accounts.accounts.onDeactivated((user) => {
    base.background.run('forget backups of keys', () => backups.forget(user));
  });
  return { toDevice, lists, backups, ...keys };
};

export type EncryptionServices = Awaited<ReturnType<typeof composeEncryption>>;

const composeToDevice = async (base: Base, { rooms: { eduListeners, outbox }, notifier }: Parts) => {
  const stream = await SequencedStream.open(base.db, 'to-device', 'to_device_positions');
  const toDevice = new ToDevice({ ...base, stream, notifier, outbox });
  eduListeners.push({
    eduType: 'm.direct_to_device',
    isKept: true,
    receive: (origin, content) => toDevice.receive(origin, content),
  });
  return toDevice;
};

const composeLists = async (base: Base, { federation, rooms, notifier }: Parts) => {
  const { engine, eduListeners, outbox } = rooms;
  const stream = await SequencedStream.open(base.db, 'device lists', 'device_list_positions');
  const own = new DeviceLists({ ...base, stream, notifier, outbox });
  const remote = new RemoteLists({ ...base, client: federation.client, lists: own });
  eduListeners.push(
    {
      eduType: 'm.device_list_update',
      isKept: true,
      receive: (origin, content) => remote.receive(origin, content),
    },
    {
      eduType: 'm.signing_key_update',
      isKept: true,
      receive: (origin, content) => remote.receiveIdentity(origin, content),
    },
  );
  return {
    own,
    remote,
    news: new ListNews({ ...base, lists: own, stays: engine.stays, settled: engine.stream.settled }),
  };
};

type Lists = Awaited<ReturnType<typeof composeLists>>;

const composeKeys = (base: Base, { federation, accounts }: Parts, { own: lists, remote }: Lists) => {
  const { db } = base;
  const published = new PublishedKeys(db, lists);
  const oneTimeKeys = new OneTimeKeys({ ...base, lists });
  const servers = new RemoteKeyServers({ ...base, client: federation.client });
  const queries = new KeyQueries({ ...base, published, lists: remote, servers });
  const crossSigning = new CrossSigning({ ...accounts, db, lists, published });
  const ownDevices = new OwnDevices({ db, lists, published });
  accounts.sessions.onDevicesChange({
    naming: (tx, user, device) => ownDevices.naming(tx, user, device),
    removing: (tx, user, devices) => ownDevices.removing(tx, user, devices),
    renamed: (tx, user, device) => ownDevices.renamed(tx, user, device),
  });
  accounts.accounts.onDeactivated((user) => {
    base.background.run('forget keys for cross-signing', () => crossSigning.forget(user));
  });
  return {
    published,
    oneTimeKeys,
    queries,
    crossSigning,
    ownDevices,
    uploads: new KeyUploads({ db, lists, published, oneTimeKeys }),
    claims: new KeyClaims({ ...base, oneTimeKeys, servers }),
    signatures: new Signatures({ db, lists, published, queries }),
  };
};

/** Takes up what the last run left undone. */
export const startEncryption = ({ background }: Base, { lists: { remote } }: EncryptionServices): void => {
  background.run('forget device lists that nobody tells us of', () => remote.departed());
  background.run('fetch device lists', () => remote.resume());
};

export const scheduleEncryption = (schedule: Schedule, { toDevice, oneTimeKeys, lists }: EncryptionServices): void => {
  schedule.every('27 4 * * *', 'forget old messages to devices', () => toDevice.trim());
  schedule.every('33 4 * * *', 'forget keys that were given away', () => oneTimeKeys.trim());
  schedule.every('50 * * * * *', 'fetch device lists', () => lists.remote.resume());
};
