export type { AccountDataChanges, AccountDataEvent, AccountDataKey, Derive } from './account-data.ts';
export { accountDataRoutes, tagsRoutes } from './account-data.routes.ts';
export { AccountData, type AccountDataDeps, openAccountDataStream } from './account-data.service.ts';
export { accountDataPart } from './account-data.sync.ts';
export { BlockedInvites, IgnoredUsers } from './settings.service.ts';
export { Tags } from './tags.service.ts';
