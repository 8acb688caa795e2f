export { type HeadedRoom, type LocalSummary, RoomSummaries } from './room-summaries.service.ts';
export { listingOf, readSummary, type RoomSummary } from './summary.ts';
