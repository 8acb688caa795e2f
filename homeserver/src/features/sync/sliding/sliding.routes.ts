import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { jsonText } from '../../../http/reply.ts';
import { type Route, route } from '../../../http/route.ts';
import { LONGEST_POLL_MS } from '../open-polls.ts';
import type { SlidingRequest } from './request.ts';
import type { SlidingSync } from './sliding.service.ts';
import { readStable, writeStable } from './stable.codec.ts';
import { readUnstable, writeUnstable } from './unstable.codec.ts';

export const slidingSyncRoutes = (sliding: SlidingSync): readonly Route[] => [
  route(slidingSync, async ({ caller, body, signal }) =>
    jsonText(writeStable(await sliding.sync(patient(readStable(caller, body, signal))))),
  ),
  route(slidingSyncUnstable, async ({ caller, query, body, signal }) => {
    const answer = await sliding.sync(patient(readUnstable({ viewer: caller, query, body, signal })));
    return jsonText(writeUnstable(answer, body.txn_id));
  }),
];

const patient = (request: SlidingRequest): SlidingRequest => ({
  ...request,
  timeoutMs: Math.min(request.timeoutMs, LONGEST_POLL_MS),
});
