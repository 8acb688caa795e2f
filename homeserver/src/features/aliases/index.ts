export { aliasesRoutes } from './aliases.routes.ts';
export {
  type Administrators,
  Aliases,
  type AliasesDeps,
  type RemoteAliases,
  type ResolvedAlias,
  type RoomNames,
  type RoomRights,
  type RoomServers,
} from './aliases.service.ts';
export { federatedAliases } from './federated-aliases.service.ts';
export { MainAliases } from './main-aliases.service.ts';
