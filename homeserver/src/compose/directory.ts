import type { UserId } from '@holm/spec/ids';
import type { Profiles } from '../features/profiles/index.ts';
import { OpenId } from '../features/openid/index.ts';
import { FederatedDirectory, PublicRooms } from '../features/public-rooms/index.ts';
import {
  Previews,
  RemoteSummaries,
  RoomSummaries,
  SpaceChildren,
  SummaryAccess,
} from '../features/room-summaries/index.ts';
import { Hierarchy, ServedHierarchies } from '../features/spaces/index.ts';
import { mutualRooms, UserDirectory } from '../features/user-directory/index.ts';
import type { Schedule } from '../platform/schedule.ts';
import type { CommitListener } from '../rooms/commit.ts';
import { aliasRights, composeAliases } from './aliases.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import { composePolicyServer } from './policy-server.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
}

/** How rooms are found. */
export const composeDirectory = (base: Base, parts: Parts) => {
  const { federation, rooms, accounts } = parts;
  const { db, clock } = base;
  const { engine } = rooms;
  const summaries = new RoomSummaries({ db, engine });
  const publicRooms = new PublicRooms({
    db,
    clock,
    engine,
    summaries,
    rights: aliasRights(engine),
    administrators: accounts.accounts,
    publishing: base.config.directory.publishing,
  });
  rooms.listeners.push(onRedacted(base, publicRooms));
  const people = new UserDirectory({ ...base, engine, everybody: base.config.directory.search_all_users });
  accounts.accounts.onDeactivated((user) => {
    base.background.run('take somebody out of the directory', () => people.forget(user));
  });
  const aliases = composeAliases(base, parts);
  const children = new SpaceChildren({ db, engine });
  const remote = new RemoteSummaries({ ...base, client: federation.client });
  const access = new SummaryAccess({ db, isAllowed: (room, server) => rooms.ingest.isAllowed(room, server) });
  const seeing = { summaries, children, remote, access };
  return {
    aliases,
    publicRooms,
    otherDirectories: new FederatedDirectory(federation.client, clock),
    previews: new Previews({ db, engine, ...seeing, aliases }),
    hierarchy: new Hierarchy({ ...base, ...seeing, invites: engine.userRooms }),
    policyServer: composePolicyServer(base, rooms, federation),
    servedHierarchies: new ServedHierarchies(seeing),
    people,
    mutualRooms: (me: UserId, other: UserId, from?: string) => mutualRooms(db, me, other, from),
    openId: new OpenId(base),
  };
};

export type DirectoryServices = ReturnType<typeof composeDirectory>;

export const scheduleDirectory = (
  schedule: Schedule,
  { people, openId, aliases, profiles }: DirectoryServices & { readonly profiles: Pick<Profiles, 'resume'> },
): void => {
  schedule.every('50 * * * * *', 'learn who is called what', () => people.catchUp());
  schedule.every('*/5 * * * *', 'tell rooms of changed profiles', () => profiles.resume());
  schedule.every('23 4 * * *', 'free names of rooms that were never made', () => aliases.trim());
  schedule.every('29 * * * *', 'forget old proofs of who somebody is', () => openId.forgetExpired());
};

/** What a room is found by may have been taken back. */
const onRedacted =
  ({ background }: Base, publicRooms: PublicRooms): CommitListener =>
  ({ room, timeline }) => {
    if (!timeline.some(({ event }) => event.type === 'm.room.redaction')) return;
    background.run('take redacted words out of the directory', () => publicRooms.redacted(room.roomId));
  };
