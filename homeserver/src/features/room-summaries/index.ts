export { Previews } from './previews.service.ts';
export { type RemoteSummary, RemoteSummaries } from './remote-summaries.service.ts';
export { roomSummariesRoutes } from './room-summaries.routes.ts';
export { type LocalSummary, RoomSummaries } from './room-summaries.service.ts';
export { type SpaceChild, viaOf } from './space-child.ts';
export { SpaceChildren } from './space-children.service.ts';
export { type Candidate, SummaryAccess } from './summary-access.service.ts';
export { listingOf, readSummary, type RoomSummary } from './summary.ts';
