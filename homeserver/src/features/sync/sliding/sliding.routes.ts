import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { jsonText } from '../../../http/reply.ts';
import { type Route, route } from '../../../http/route.ts';
import type { SlidingSync } from './sliding.service.ts';
import { readStable, writeStable } from './stable.codec.ts';
import { readUnstable, writeUnstable } from './unstable.codec.ts';

export const slidingSyncRoutes = (sliding: SlidingSync): readonly Route[] => [
  route(slidingSync, async ({ caller, body, signal }) =>
    jsonText(writeStable(await sliding.sync(readStable(caller, body, signal)))),
  ),
  route(slidingSyncUnstable, async ({ caller, query, body, signal }) => {
    const answer = await sliding.sync(readUnstable({ viewer: caller, query, body, signal }));
    return jsonText(writeUnstable(answer, body.txn_id));
  }),
];
