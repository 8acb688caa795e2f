export type { Receipt } from './receipt.ts';
export { ReadMarkers } from './read-markers.service.ts';
export { receiptsRoutes } from './receipts.routes.ts';
export { openReceiptStream, Receipts } from './receipts.service.ts';
export { receiptsPart } from './receipts.sync.ts';
export { threadOf } from './thread.ts';
