import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import { Later } from '../../../http/later.ts';
import { jsonText } from '../../../http/reply.ts';
import { type Route, route } from '../../../http/route.ts';
import { LONGEST_POLL_MS } from '../open-polls.ts';
import type { SlidingRequest } from './request.ts';
import type { SlidingAnswer, SlidingSync } from './sliding.service.ts';
import { readStable, writeStable } from './stable.codec.ts';
import { readUnstable, writeUnstable } from './unstable.codec.ts';

export const slidingSyncRoutes = (sliding: SlidingSync): readonly Route[] => [
  route(slidingSync, async ({ caller, body }) => {
    const poll = await sliding.begin(patient(readStable(caller, body)));
    return Later.from(poll, stableReply);
  }),
  route(slidingSyncUnstable, async ({ caller, query, body }) => {
    const poll = await sliding.begin(patient(readUnstable({ viewer: caller, query, body })));
    // Of the whole body, only that is kept while it waits.
    const { txn_id: txnId } = body;
    return Later.from(poll, (answer) => jsonText(writeUnstable(answer, txnId)));
  }),
];

const stableReply = (answer: SlidingAnswer) => jsonText(writeStable(answer));

const patient = (request: SlidingRequest): SlidingRequest => ({
  ...request,
  timeoutMs: Math.min(request.timeoutMs, LONGEST_POLL_MS),
});
