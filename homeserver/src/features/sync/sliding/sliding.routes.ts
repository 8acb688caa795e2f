import { slidingSync, slidingSyncUnstable } from '@holm/spec/extensions/sliding-sync';
import type { BodyOf } from '@holm/spec/endpoint';
import { Later } from '../../../http/later.ts';
import { jsonText } from '../../../http/reply.ts';
import { type Caller, type Route, route } from '../../../http/route.ts';
import { LONGEST_POLL_MS } from '../open-polls.ts';
import type { SlidingRequest } from './request.ts';
import type { SlidingAnswer, SlidingSync } from './sliding.service.ts';
import { readStable, writeStable } from './stable.codec.ts';
import { readUnstable, type Wanted, wantedIn, writeUnstable } from './unstable.codec.ts';

export const slidingSyncRoutes = (sliding: SlidingSync): readonly Route[] => {
  /** By a session's body, which is the same object as before where the same is asked for. */
  const wanted = new WeakMap<object, Wanted>();
  const wantedBy = (caller: Caller, body: BodyOf<typeof slidingSyncUnstable>): Wanted => {
    const known = wanted.get(body) ?? wantedIn(caller, body);
    wanted.set(body, known);
    return known;
  };
  return [
    route(slidingSync, async ({ caller, body }) => {
      const poll = await sliding.begin(patient(readStable(caller, body)));
      return Later.from(poll, stableReply);
    }),
    route(
      slidingSyncUnstable,
      async ({ caller, query, body }) => {
        const request = readUnstable({ viewer: caller, query, body }, wantedBy(caller, body));
        const poll = await sliding.begin(patient(request));
        return Later.from(poll, unstableReply);
      },
      { isRepeated: true },
    ),
  ];
};

const unstableReply = (answer: SlidingAnswer) => jsonText(writeUnstable(answer));

const stableReply = (answer: SlidingAnswer) => jsonText(writeStable(answer));

const patient = (request: SlidingRequest): SlidingRequest => ({
  ...request,
  timeoutMs: Math.min(request.timeoutMs, LONGEST_POLL_MS),
});
