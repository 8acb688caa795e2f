import { derive } from '../reactive/derive.ts';
import { createValue, type Value } from '../reactive/value.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';

export type { RoomSummary } from '../sdk/room-summary.ts';

export interface RoomSections {
  readonly invitations: readonly RoomSummary[];
  readonly rooms: readonly RoomSummary[];
  /** Whether there is anything at all, before the filter. */
  readonly isEmpty: boolean;
}

export interface RoomListModel {
  readonly sections: Value<RoomSections>;
  readonly filter: Value<string>;
  readonly unread: Value<number>;
  search(text: string): void;
}

export const roomListModel = (source: Value<readonly RoomSummary[]>): RoomListModel => {
  const filter = createValue('');
  return {
    filter,
    sections: derive([source, filter], arrange),
    unread: derive([source], (rooms) => rooms.filter((room) => room.isUnread || room.membership === 'invite').length),
    search: (text) => {
      filter.set(text);
    },
  };
};

/** Newest first; equally old ones by name, so that the order is never a matter of chance. */
export const arrange = (rooms: readonly RoomSummary[], filter: string): RoomSections => {
  const shown = rooms.filter(({ membership }) => membership === 'join' || membership === 'invite');
  const wanted = shown.filter((room) => matches(room, filter)).toSorted(byActivity);
  return {
    invitations: wanted.filter(({ membership }) => membership === 'invite'),
    rooms: wanted.filter(({ membership }) => membership === 'join'),
    isEmpty: shown.length === 0,
  };
};

const byActivity = (a: RoomSummary, b: RoomSummary): number =>
  b.activeAt - a.activeAt || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);

const matches = (room: RoomSummary, filter: string): boolean => {
  const wanted = filter.trim().toLocaleLowerCase();
  return wanted === '' || [room.name, room.alias ?? ''].some((text) => text.toLocaleLowerCase().includes(wanted));
};
