import { MatrixError } from '@holm/spec/errors';
import { DeviceId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { HungUpError } from '../../../http/body.ts';
import { Deadlines } from '../../../platform/deadlines.ts';
import { Notifier } from '../../../streams/notifier.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { type Hearing, LongAnswers } from '../long-answers.sync.ts';
import { OpenPolls } from '../open-polls.ts';
import type { SlidingRequest } from './request.ts';
import { type SlidingPoll, SlidingSync, type SlidingSyncDeps } from './sliding.service.ts';

const viewerOf = (name: string) => {
  return { userId: UserId.parse(`@${name}:a.test`), deviceId: DeviceId.parse('PHONE'), tokenId: 1 };
};
const MANY_ROOMS = 100;

describe('a request of sliding sync that another one takes over from', () => {
  let gate: PromiseWithResolvers<void>;
  let made: string[];
  let sliding: SlidingSync;

  beforeEach(() => {
    gate = Promise.withResolvers();
    made = [];
    const long = new LongAnswers();
    const draft = (request: SlidingRequest, hearing: Hearing) =>
      long.make(MANY_ROOMS, { viewer: request.viewer, isGone: hearing.isGone }, async () => {
        made.push(request.viewer.userId);
        await gate.promise;
        const answer = { lists: new Map(), rooms: new Map(), extensions: {} };
        return { answer, reached: [], told: new Map(), members: new Map(), settle: () => undefined };
      });
    const deps = {
      notifier: new Notifier(),
      deadlines: new Deadlines(new ManualClock()),
      polls: new OpenPolls(),
      follows: new OpenPolls(),
      connections: { start: () => ({ epoch: 'e', send: () => 1 }), changed: () => undefined },
      answers: { draft },
      extensions: { acknowledge: () => undefined },
      telemetry: { answered: () => undefined },
      settled: () => [],
    };
    sliding = new SlidingSync(deps as unknown as SlidingSyncDeps);
  });

  const begin = (name: string): Promise<SlidingPoll> => {
    const request = {
      viewer: viewerOf(name),
      connId: 'rooms',
      timeoutMs: 0,
      lists: new Map(),
      subscriptions: new Map(),
      extensions: {},
    };
    return sliding.begin(request as unknown as SlidingRequest);
  };
  const answerOf = (poll: SlidingPoll): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    poll.wait(resolve);
    return promise.catch((error: unknown) => error);
  };
  /** As many as are made at a time. */
  const others = () => Promise.all(Array.from({ length: 6 }, async (_, i) => answerOf(await begin(`other${i}`))));

  for (const [how, abandon] of [
    ['is still there', () => undefined],
    ['has gone', (poll: SlidingPoll) => poll.abandon()],
  ] as const) {
    it(`is not answered at length, once others have been, where its client ${how}`, async () => {
      const before = others();
      await setImmediate();
      const old = await begin('alice');
      const answered = answerOf(old);
      await setImmediate();
      const again = answerOf(await begin('alice'));
      abandon(old);
      gate.resolve();
      await before;
      expect(await again).to.have.property('pos');
      expect(made.slice(6)).to.eql(['@alice:a.test']);
      const told = await answered;
      if (how === 'has gone') expect(told).to.be.instanceOf(HungUpError);
      else expect(told).to.be.instanceOf(MatrixError).with.property('errcode', 'M_UNKNOWN_POS');
    });
  }
});
