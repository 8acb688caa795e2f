import { ProfileChanges } from '../features/membership/index.ts';
import { federatedProfiles, ProfileNews, Profiles } from '../features/profiles/index.ts';
import type { Notifier } from '../streams/notifier.ts';
import { SequencedStream } from '../streams/sequenced-stream.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { DirectoryServices } from './directory.ts';
import type { Federation } from './federation.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly federation: Pick<Federation, 'client'>;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly people: DirectoryServices['people'];
  readonly notifier: Notifier;
}

/** What people tell about themselves, and who hears of it. */
export const composeProfiles = async (
  base: Base,
  { federation, rooms: { engine }, accounts, people, notifier }: Parts,
) => {
  const stream = await SequencedStream.open(base.db, 'profiles', 'profile_positions');
  const roomsOf = engine.userRooms.of.bind(engine.userRooms);
  const glimpseOf = engine.userRooms.glimpse.bind(engine.userRooms);
  const profileNews = new ProfileNews({ ...base, stream, notifier, roomsOf, glimpseOf });
  const profiles = new Profiles({
    ...base,
    users: accounts.accounts,
    remote: federatedProfiles(federation.client),
    news: profileNews,
    memberEvents: people.following(new ProfileChanges(engine)),
  });
  return { profileNews, profiles };
};
