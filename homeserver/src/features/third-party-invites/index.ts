export { AddressInvites, type AddressInvitesDeps, checkAddressInvite } from './address-invites.service.ts';
export { IdentityServers } from './identity-server.service.ts';
export { Redemption, type RedemptionDeps } from './redemption.service.ts';
export { thirdPartyInvitesRoutes } from './third-party-invites.routes.ts';
