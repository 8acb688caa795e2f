import { postReceipt, setReadMarker } from '@holm/spec/client-server/receipts';
import { MatrixError } from '@holm/spec/errors';
import { type Route, route } from '../../http/route.ts';
import type { ReadMarkers } from './read-markers.service.ts';
import type { Receipts } from './receipts.service.ts';

export const receiptsRoutes = (receipts: Receipts, readMarkers: ReadMarkers): readonly Route[] => [
  route(postReceipt, async ({ body, caller: { userId }, params: { eventId, receiptType: type, roomId } }) => {
    if (type === 'm.fully_read') {
      if (body.thread_id !== undefined) throw new MatrixError('M_INVALID_PARAM', 'a read marker is of no thread');
      await readMarkers.set(userId, roomId, eventId);
    } else await receipts.acknowledge({ userId, roomId, type, eventId, threadId: body.thread_id });
    return {};
  }),

  route(setReadMarker, async ({ body, caller: { userId }, params: { roomId } }) => {
    const { 'm.fully_read': fullyRead } = body;
    if (fullyRead !== undefined) await readMarkers.set(userId, roomId, fullyRead);
    for (const type of ['m.read', 'm.read.private'] as const) {
      const eventId = body[type];
      if (eventId !== undefined) await receipts.acknowledge({ userId, roomId, type, eventId });
    }
    return {};
  }),
];
