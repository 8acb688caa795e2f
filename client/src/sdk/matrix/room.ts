import { EventStatus, EventTimeline, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { createValue, type Cell } from '../../reactive/value.ts';
import type { Entry } from '../entry.ts';
import { ProblemError } from '../problem.ts';
import type { Member, RoomPort, Timeline } from '../room-port.ts';
import type { Seen } from './seen.ts';
import { nameIn, toEntry } from './to-entry.ts';
import { inWords } from './trouble.ts';

const PAGE = 40;

/** A room port that is told when to look again. */
export interface LiveRoom extends RoomPort {
  refresh(): void;
}

export interface RoomNeeds {
  readonly client: MatrixClient;
  readonly seen: Seen;
  /** Something changed that the SDK does not announce. */
  readonly changed: (roomId: string) => void;
}

export const liveRoom = (roomId: string, needs: RoomNeeds): LiveRoom => {
  const { client, seen, changed } = needs;
  const known = () => client.getRoom(roomId);
  const cells = createCells();
  const receipts = receiptSender(client);

  return {
    ...cells,
    refresh: () => {
      refresh(cells, known(), client.getSafeUserId());
    },
    loadMembers: async () => {
      await inWords(known()?.loadMembersIfNeeded() ?? Promise.resolve(false));
      changed(roomId);
    },
    loadEarlier: async () => {
      const room = known();
      if (!room) return;
      await inWords(client.scrollback(room, PAGE));
      changed(roomId);
    },
    send: (text) => {
      settle(client.sendTextMessage(roomId, text));
    },
    retry: (key) => {
      const room = known();
      const event = failedEvent(room, key);
      if (room && event) settle(client.resendEvent(event, room));
    },
    discard: (key) => {
      const event = failedEvent(known(), key);
      if (event) client.cancelPendingEvent(event);
    },
    invite: async (userId) => {
      await inWords(client.invite(roomId, userId));
    },
    leave: async () => {
      await inWords(client.leave(roomId));
    },
    markRead: () => {
      const event = known()?.getLiveTimeline().getEvents().at(-1);
      const eventId = event?.getId();
      if (!event || eventId === undefined) return;
      seen.mark(roomId, eventId);
      receipts(event);
      changed(roomId);
    },
  };
};

interface Cells {
  readonly timeline: Cell<Timeline>;
  readonly members: Cell<readonly Member[]>;
  readonly mayInvite: Cell<boolean>;
  readonly maySend: Cell<boolean>;
}

const createCells = (): Cells => ({
  timeline: createValue<Timeline>({ entries: [], hasEarlier: false }),
  members: createValue<readonly Member[]>([]),
  mayInvite: createValue(false),
  maySend: createValue(false),
});

const refresh = (cells: Cells, room: Room | null, ownId: string): void => {
  if (!room) return;
  const live = room.getLiveTimeline();
  cells.timeline.set({
    entries: entriesOf([...live.getEvents(), ...room.getPendingEvents()], ownId),
    hasEarlier: live.getPaginationToken(EventTimeline.BACKWARDS) !== null,
  });
  cells.members.set(membersOf(room));
  cells.mayInvite.set(room.canInvite(ownId));
  cells.maySend.set(room.maySendMessage());
};

const entriesOf = (events: readonly MatrixEvent[], ownId: string): Entry[] =>
  events.map((event) => toEntry(event, ownId)).filter((entry) => entry !== undefined);

const membersOf = (room: Room): Member[] =>
  room
    .getMembers()
    .filter(({ membership }) => membership === 'join' || membership === 'invite')
    .map((member) => ({
      userId: member.userId,
      name: nameIn(member, member.userId),
      membership: member.membership === 'invite' ? 'invite' : 'join',
      power: member.powerLevel,
    }));

const failedEvent = (room: Room | null, key: string): MatrixEvent | undefined =>
  room?.getPendingEvents().find((event) => event.getTxnId() === key && event.status === EventStatus.NOT_SENT);

/** How a send ends is written on its event, which the timeline shows; the promise has nothing to add. */
const settle = (sending: Promise<unknown>): void => {
  sending.catch(() => undefined);
};

/**
 * Tells the server what has been read. A server without receipts is asked once; any other failure is repaired by
 * the next message read, and the mark kept here stands meanwhile.
 */
const receiptSender = (client: MatrixClient) => {
  let isSupported = true;
  let last: string | undefined;
  return (event: MatrixEvent): void => {
    const id = event.getId();
    if (!isSupported || id === last || event.getSender() === client.getUserId()) return;
    last = id;
    inWords(client.sendReadReceipt(event)).catch((error: unknown) => {
      last = undefined;
      isSupported = !(error instanceof ProblemError && error.problem.code === 'M_UNRECOGNIZED');
    });
  };
};
