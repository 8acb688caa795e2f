export { federatedProfiles } from './federated-profiles.service.ts';
export type { MemberProfile, Profile } from './profile.ts';
export { profilesRoutes } from './profiles.routes.ts';
export {
  type LocalUsers,
  type MemberEvents,
  Profiles,
  type ProfilesDeps,
  type RemoteProfiles,
} from './profiles.service.ts';
