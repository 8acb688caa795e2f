export { aliasesRoutes } from './aliases.routes.ts';
export {
  type Administrators,
  Aliases,
  type AliasesDeps,
  type RemoteAliases,
  type ResolvedAlias,
  type RoomRights,
  type RoomServers,
} from './aliases.service.ts';
export { federatedAliases } from './federated-aliases.service.ts';
