export { presenceRoutes, showingActivity } from './presence.routes.ts';
export { openPresence } from './open-presence.service.ts';
export type { Presence } from './presence.service.ts';
export { presencePart } from './presence.sync.ts';
export type { PresenceState } from './status.ts';
