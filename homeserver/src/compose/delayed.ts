import { DelayedEvents, DueEvents } from '../features/delayed-events/index.ts';
import type { Delegations } from '../features/matrix-rtc/index.ts';
import type { Sending } from '../features/room-events/index.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: Pick<RoomServices, 'engine'>;
  readonly accounts: Pick<AccountServices, 'accounts'>;
  readonly sending: Sending;
  readonly rateLimits: RateLimits;
}

/** What is to be sent later, and what sends it. */
export const composeDelayed = (base: Base, { rooms, accounts, sending, rateLimits }: Parts) => {
  const { max_delay_ms: maxDelayMs, max_scheduled_per_user: maxScheduled } = base.config.delayed_events;
  const delayed = new DelayedEvents({
    ...base,
    engine: rooms.engine,
    sending,
    isClosed: (user) => accounts.accounts.isClosed(user),
    mayMessage: (user) => rateLimits.take('message', user),
    limits: { maxDelayMs, maxScheduled },
  });
  accounts.accounts.onDeactivated((user) => base.background.run('forget delayed events', () => delayed.forget(user)));
  return { delayed, due: new DueEvents({ ...base, delayed }) };
};

interface Started {
  readonly delaying: DelayedServices;
  readonly rtc: { readonly delegations: Pick<Delegations, 'start' | 'stop'> } | undefined;
}

/** Goes on with what was waited for before the start. */
export const startDelayed = async ({ delaying, rtc }: Started, stack: AsyncDisposableStack): Promise<void> => {
  await delaying.delayed.recall();
  delaying.due.start();
  stack.defer(() => delaying.due.stop());
  await rtc?.delegations.start();
  stack.defer(() => rtc?.delegations.stop());
};

export type DelayedServices = ReturnType<typeof composeDelayed>;
