import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { seededEntropy } from '../../../testing/seeded-entropy.ts';
import { CallTokens } from '../tokens.ts';
import { Door } from './door.ts';
import { Gateway } from './gateway.ts';

describe('the gateway of calls', () => {
  const clock = new ManualClock();
  const member = { userId: UserId.parse('@a:test'), roomId: RoomId.parse('!r') };

  /** Comes to a call that takes a while to be opened. */
  const comeIn = async (answers: readonly boolean[]) => {
    const tokens = new CallTokens({ secret: Buffer.alloc(32), clock, entropy: seededEntropy('gateway') });
    const left = [...answers];
    const closed: unknown[] = [];
    const outcomes: unknown[] = [];
    const door = new Door({
      tokens,
      admits: () => Promise.resolve(left.shift() === true),
      mayTry: () => undefined,
      asked: (outcome) => outcomes.push(outcome),
    });
    const gateway = new Gateway({
      door,
      clock,
      serverName: 'test',
      asked: (outcome: unknown) => outcomes.push(outcome),
      limits: { participants: 2, participantsOfOtherServer: 2, participantsOfUser: 2, streamsPerWorker: 2 },
      rooms: {
        all: [],
        find: () => undefined,
        join: () => Promise.resolve({ close: (reason: unknown) => closed.push(reason) }),
      },
    } as never);
    const token = tokens.mint({ identity: 'a', call: 'c', canPublish: true, member });
    const query = new URLSearchParams({ access_token: token });
    const admitted = await door.admit({ query, headers: {} });
    const answer = 'status' in admitted ? admitted : await gateway.accept(admitted, query);
    return { isIn: !('status' in answer), closed, outcomes };
  };

  it('lets in who may be in the call when it is open', async () => {
    expect(await comeIn([true, true])).to.deep.equal({ isIn: true, closed: [], outcomes: ['joined'] });
  });

  it('does not let in who is thrown out while it is being opened', async () => {
    expect(await comeIn([true, false])).to.deep.equal({ isIn: false, closed: ['removed'], outcomes: ['not a member'] });
    expect(await comeIn([false])).to.deep.equal({ isIn: false, closed: [], outcomes: ['not a member'] });
  });
});
