export { presenceRoutes, showingActivity } from './presence.routes.ts';
export { openPresence, openPresenceStream } from './open-presence.service.ts';
export type { Presence } from './presence.service.ts';
export { presencePart } from './presence.sync.ts';
export type { PresenceState } from './status.ts';
