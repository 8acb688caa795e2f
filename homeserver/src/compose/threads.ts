import { ThreadSubscriptions } from '../features/thread-subscriptions/index.ts';
import { SequencedStream } from '../streams/sequenced-stream.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly notifier: Notifier;
}

/** Which threads people follow. */
export const composeThreads = async (base: Base, { rooms: { engine }, accounts, notifier }: Parts) => {
  const { db, background } = base;
  const stream = await SequencedStream.open(db, 'thread subscriptions', 'thread_subscription_positions');
  const threads = new ThreadSubscriptions({ db, engine, stream, notifier, rules: accounts.pushRules });
  accounts.accounts.onDeactivated((user, erase) => {
    if (erase) background.run('forget which threads somebody followed', () => threads.erase(user));
  });
  return threads;
};
