import { openPresenceStream } from '../features/presence/index.ts';
import { openReceiptStream, ReadMarkers, Receipts } from '../features/receipts/index.ts';
import { Typing } from '../features/typing/index.ts';
import { EphemeralRooms } from '../rooms/members/ephemeral-rooms.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly notifier: Notifier;
}

/** What is said in rooms without becoming events of them. */
export const composeEphemeral = async (
  base: Base,
  { rooms: { engine, ingest, outbox, listeners, eduListeners, eduRecalls }, accounts, notifier }: Parts,
  stack: AsyncDisposableStack,
) => {
  const isAllowed = ingest.isAllowed.bind(ingest);
  const rooms = new EphemeralRooms({ engine, isAllowed, outbox });
  const { events, visible } = engine;

  const typing = stack.use(await Typing.open({ ...base, notifier, rooms }));
  listeners.push(typing.listener);
  eduListeners.push({ eduType: 'm.typing', receive: (origin, content) => typing.receive(origin, content) });

  const stream = await openReceiptStream(base.db);
  const receipts = new Receipts({ ...base, stream, notifier, rooms, events, visible });
  eduListeners.push({ eduType: 'm.receipt', receive: (origin, content) => receipts.receive(origin, content) });
  eduRecalls.push({ eduType: 'm.receipt', since: (server, since) => receipts.since(server, since) });
  const readMarkers = new ReadMarkers({ ...accounts, rooms, events, receipts });
  // Its positions are in clients' tokens even where there is no presence.
  const presenceStream = await openPresenceStream(base.db);
  return { typing, receipts, readMarkers, presenceStream };
};

export type EphemeralServices = Awaited<ReturnType<typeof composeEphemeral>>;
