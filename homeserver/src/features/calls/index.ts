export { mediaWorkerStatus, type MediaWorkerStatus } from './media-worker.ts';
