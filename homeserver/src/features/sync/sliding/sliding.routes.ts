import { slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { jsonText } from '../../../http/reply.ts';
import { type Route, route } from '../../../http/route.ts';
import type { SlidingSync } from './sliding.service.ts';
import { readUnstable, writeUnstable } from './unstable.codec.ts';

export const slidingSyncRoutes = (sliding: SlidingSync): readonly Route[] => [
  route(slidingSyncUnstable, async ({ caller, query, body, signal }) => {
    const answer = await sliding.sync(readUnstable({ viewer: caller, query, body, signal }));
    return jsonText(writeUnstable(answer, body.txn_id));
  }),
];
