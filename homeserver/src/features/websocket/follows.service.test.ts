import { DeviceId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { HungUpError } from '../../http/body.ts';
import type { Log } from '../../platform/log.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { Following } from '../sync/index.ts';
import { Follows } from './follows.service.ts';

const caller = { userId: UserId.parse('@alice:a.test'), deviceId: DeviceId.parse('PHONE'), tokenId: 1 };

describe('what is followed over a WebSocket', () => {
  it('is not put together for who has gone before the first answer', async () => {
    const turn = Promise.withResolvers<void>();
    const seen: boolean[] = [];
    const sync = {
      begin: async (_request: unknown, isGone = () => false) => {
        seen.push(isGone());
        await turn.promise;
        seen.push(isGone());
        throw new HungUpError('nobody waits for the answer any more');
      },
    };
    const said: unknown[] = [];
    const logged: unknown[] = [];
    const deps = { sync, filters: { resolve: () => ({}) } };
    const follows = new Follows(
      {
        following: new Following(deps as unknown as ConstructorParameters<typeof Following>[0]),
        clock: new ManualClock(),
        log: { error: (...line: unknown[]) => logged.push(line) } as unknown as Log,
        takeTurn: () => undefined,
      },
      caller,
      async (head) => void said.push(head),
    );
    const begun = follows.begin({ type: 'follow', id: 1, dialect: 'v3' }, '');
    await setImmediate();
    follows.end(1);
    turn.resolve();
    await begun;
    expect(seen).to.eql([false, true]);
    expect([said, logged]).to.eql([[], []]);
  });
});
