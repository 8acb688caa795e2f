import type { InvitesToAddresses, MemberProfiles, Membership } from '../features/membership/index.ts';
import { AddressInvites, IdentityServers, Redemption } from '../features/third-party-invites/index.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly membership: Membership;
  readonly profiles: MemberProfiles;
}

/** Invites to people of whom only an address is known. */
export const composeThirdPartyInvites = (base: Base, { federation, rooms, accounts, ...features }: Parts) => {
  const log = base.log.with({ area: 'rooms' });
  const identity = new IdentityServers(federation.identityFetch, log);
  const { engine } = rooms;
  const invites = new AddressInvites({ ...features, engine, identity });
  const redemption = new Redemption({
    ...features,
    engine,
    ingest: rooms,
    identity,
    client: federation.client,
    users: accounts.accounts,
    log,
  });
  const addresses: InvitesToAddresses = {
    invite: (roomId, sender, invite) => invites.invite(roomId, sender, invite),
    redeem: (user, roomId, signed) => redemption.redeemBy(user, roomId, signed),
  };
  return { addresses, redemption };
};
