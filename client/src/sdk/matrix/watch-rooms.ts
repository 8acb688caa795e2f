import {
  ClientEvent,
  MatrixEventEvent,
  RoomEvent,
  RoomMemberEvent,
  RoomStateEvent,
  type MatrixClient,
} from 'matrix-js-sdk';
import type { Clock } from '../../platform/clock.ts';

/** One frame: a sync of a hundred rooms becomes one redraw, and nobody can see the wait. */
const GATHER_MS = 16;

export interface Watch extends Disposable {
  /** Something that the SDK does not announce. */
  readonly changed: (roomId: string) => void;
}

/** Gathers what the SDK announces into "these rooms look different now". */
export const watchRooms = (client: MatrixClient, clock: Clock, look: (dirty: ReadonlySet<string>) => void): Watch => {
  let dirty = new Set<string>();
  let pending: Disposable | undefined;

  const flush = () => {
    const now = dirty;
    dirty = new Set();
    pending = undefined;
    look(now);
  };
  const changed = (roomId: string | undefined) => {
    if (roomId === undefined) return;
    dirty.add(roomId);
    pending ??= clock.after(GATHER_MS, flush);
  };
  listen(client, changed);

  return {
    changed,
    [Symbol.dispose]: () => {
      client.removeAllListeners();
      pending?.[Symbol.dispose]();
    },
  };
};

const listen = (client: MatrixClient, changed: (roomId: string | undefined) => void): void => {
  client.on(ClientEvent.Room, (room) => changed(room.roomId));
  client.on(ClientEvent.DeleteRoom, (roomId) => changed(roomId));
  client.on(RoomEvent.Name, (room) => changed(room.roomId));
  client.on(RoomEvent.MyMembership, (room) => changed(room.roomId));
  client.on(RoomEvent.Timeline, (_event, room) => changed(room?.roomId));
  client.on(RoomEvent.TimelineReset, (room) => changed(room?.roomId));
  client.on(RoomEvent.LocalEchoUpdated, (_event, room) => changed(room.roomId));
  client.on(RoomEvent.Redaction, (_event, room) => changed(room.roomId));
  client.on(RoomEvent.Receipt, (_event, room) => changed(room.roomId));
  client.on(RoomStateEvent.Events, (event) => changed(event.getRoomId()));
  client.on(RoomMemberEvent.Name, (_event, member) => changed(member.roomId));
  client.on(RoomMemberEvent.Membership, (_event, member) => changed(member.roomId));
  client.on(RoomMemberEvent.PowerLevel, (_event, member) => changed(member.roomId));
  client.on(MatrixEventEvent.Replaced, (event) => changed(event.getRoomId()));
};
