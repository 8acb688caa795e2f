import { MatrixError } from '@holm/spec/errors';
import { DeviceId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { Deadlines } from '../../platform/deadlines.ts';
import { Notifier } from '../../streams/notifier.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { OpenPolls } from './open-polls.ts';
import { Poll, type PollDeps } from './poll.service.ts';

const viewer = { userId: UserId.parse('@alice:a.test'), deviceId: DeviceId.parse('PHONE'), tokenId: 1 };

/** Its first look takes as long as somebody wants it to. */
class SlowPoll extends Poll<string> {
  readonly found = Promise.withResolvers<string | undefined>();
  looks = 0;

  get isLeft(): boolean {
    return this.isGone();
  }

  protected override look(): Promise<string | undefined> {
    this.looks++;
    return this.found.promise;
  }
}

describe('somebody who waits for news', () => {
  let deps: PollDeps;
  let poll: SlowPoll;
  beforeEach(() => {
    const deadlines = new Deadlines(new ManualClock());
    const [polls, follows] = [new OpenPolls(), new OpenPolls()];
    deps = { notifier: new Notifier(), deadlines, polls, follows, presence: undefined };
    poll = new SlowPoll(deps, { viewer, timeoutMs: 30_000 });
  });
  afterEach(() => expect([deps.polls.size, deps.notifier.size, deps.deadlines.size]).to.eql([0, 0, 0]));

  const answer = (): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    poll.wait(resolve);
    return promise;
  };
  const failure = (waited: Promise<string>): Promise<unknown> => waited.catch((error: unknown) => error);

  it('may go while the last answer is made', async () => {
    const waited = answer();
    poll.due();
    expect(poll.isLeft).to.equal(false);
    poll.abandon();
    expect(poll.isLeft).to.equal(true);
    poll.found.resolve('of no use');
    await waited;
  });

  it('is not told the last answer if the session ends while it is made', async () => {
    const waited = failure(answer());
    poll.due();
    deps.polls.end({ tokenIds: [viewer.tokenId] });
    poll.found.resolve('not for them');
    expect(await waited)
      .to.be.instanceOf(MatrixError)
      .with.property('errcode', 'M_UNKNOWN_TOKEN');
  });

  it('is told nothing if the session has ended before', async () => {
    deps.polls.end({ tokenIds: [viewer.tokenId] });
    poll.found.resolve('not for them');
    expect(await failure(answer()))
      .to.be.instanceOf(MatrixError)
      .with.property('errcode', 'M_UNKNOWN_TOKEN');
    expect(poll.looks).to.equal(0);
  });
});
