export { federatedProfiles } from './federated-profiles.service.ts';
export type { ProfileChange } from './changed-fields.ts';
export type { MemberProfile, Profile } from './profile.ts';
export { ProfileNews } from './profile-news.service.ts';
export { profilesPart } from './profiles.sync.ts';
export { profilesRoutes } from './profiles.routes.ts';
export {
  type LocalUsers,
  type MemberEvents,
  Profiles,
  type ProfilesDeps,
  type RemoteProfiles,
} from './profiles.service.ts';
