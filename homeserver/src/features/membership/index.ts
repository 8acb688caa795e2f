export { Departure, type DepartureDeps } from './departure.service.ts';
export { Entering, type EnteringDeps } from './entering.service.ts';
export { memberContent, memberDraft } from './member-content.ts';
export { membershipRoutes } from './membership.routes.ts';
export { Membership, type MembershipDeps } from './membership.service.ts';
export type { Invitees, InvitesToAddresses, MemberProfiles, RemoteMembership, RoomAliases } from './ports.ts';
export { ProfileChanges } from './profile-changes.service.ts';
